import { defineCommand, usageError } from '../../cli/define-command.ts'
import { subjectOf } from '../../core/commit.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { headState } from '../../plumbing/head.ts'
import { hasIndex } from '../../plumbing/index-state.ts'
import { resolveCommit } from '../../plumbing/resolve-revision.ts'
import { type ResetMode, type ResetResult, reset } from '../reset.ts'
import { revisionsAndSeries } from '../revisions-and-series.ts'
import { unstage } from '../unstage.ts'
import { noteFilesLeft, short, whileMoving } from './moving.ts'

export const resetCommand = defineCommand({
  name: 'reset',
  usage: ['reset [--soft | --mixed | --hard | --keep] [<rev>]', 'reset [<rev>] [--] <series>...'],
  summary: 'Move the branch to a commit, or unstage series',
  description: [
    'The branch that HEAD is on goes to the commit: HEAD unless given. With --soft index and files',
    'stay, so that what was committed since is staged again. With --mixed, the default, the index',
    'goes along and files stay. With --hard files go along too: what was changed in them by hand is',
    'lost. With --keep they go along, too, but what is staged and what was changed by hand stays: where',
    'the two commits differ in such a series, nothing happens. (git unstages what is staged.)',
    '',
    'Before the first commit --hard drops what is staged.',
    '',
    'With series, their entries in the index become those of the revision, and nothing else happens.',
    '',
    'undo takes it back, with what the index held.',
  ].join('\n'),
  examples: [
    {
      command: 'varve reset --soft HEAD~1',
      about: 'take the last commit back, and keep its changes',
    },
    { command: 'varve reset --hard v1', about: 'be where v1 is, with index and files' },
    { command: 'varve reset brent-daily', about: 'do not commit it yet' },
  ],
  report: true,
  options: (y) =>
    y
      .positional('words', {
        array: true,
        complete: 'revision',
        describe: 'A revision; series',
      })
      .afterDashes('series', { complete: 'series' })
      .option('soft', { type: 'boolean', describe: 'Move the branch alone' })
      .option('mixed', { type: 'boolean', describe: 'Also the index' })
      .option('hard', { type: 'boolean', describe: 'Also index and files' })
      .option('keep', {
        type: 'boolean',
        describe: 'Also index and files, with what is not committed kept',
      })
      .conflicts('soft', 'mixed', 'hard', 'keep')
      .conflicts('mixed', 'hard', 'keep')
      .conflicts('hard', 'keep'),
  run: async (args, context): Promise<ResetResult | { unstaged: readonly string[] }> => {
    const repo = await context.repository()
    const now = context.now()
    const words = await revisionsAndSeries(repo, args.words, (word) =>
      resolveCommit(repo, word, { now }),
    )
    const series = [...words.series, ...args.series]
    const [revision, ...more] = words.revisions
    if (more.length > 0) throw usageError(`one revision, not ${more[0]} too`)
    const who = await logIdentity(context)
    const mode: ResetMode | undefined = args.soft
      ? 'soft'
      : args.hard
        ? 'hard'
        : args.mixed
          ? 'mixed'
          : args.keep
            ? 'keep'
            : undefined
    if (series.length > 0) {
      if (mode !== undefined && mode !== 'mixed') {
        throw usageError(`--${mode} moves the branch: it takes no series`)
      }
      const { changed } = await unstage(repo, { series, source: revision, who, now })
      return { unstaged: changed }
    }
    // As in git: before the first commit what is staged is all that there is to take back.
    const isUnborn = revision === undefined && (await headState(repo)).id === undefined
    if (isUnborn && hasIndex(repo)) {
      if ((mode ?? 'mixed') === 'mixed') {
        const { changed } = await unstage(repo, { series: ['.'], who, now })
        return { unstaged: changed }
      }
    }
    const to =
      isUnborn && mode === 'hard'
        ? undefined
        : await resolveCommit(repo, revision ?? 'HEAD', { now })
    const result = await whileMoving(context, {}, (files) =>
      reset(repo, { ...files, to, mode: mode ?? 'mixed', shown: revision ?? 'HEAD', who }),
    )
    noteFilesLeft(context, result.files)
    return result
  },
  toText: (result) => {
    const head =
      'mode' in result && result.mode === 'hard' && result.commit !== undefined
        ? [`HEAD is now at ${short(result.id)} ${subjectOf(result.commit)}`]
        : []
    if (result.unstaged.length === 0) return head.join('\n')
    const heading = 'mode' in result ? 'Changed files that are not staged now:' : 'Unstaged:'
    return [...head, heading, ...result.unstaged.map((series) => `M\t${series}`)].join('\n')
  },
  toJson: (result) =>
    'mode' in result
      ? {
          ...result,
          old: result.old ?? null,
          id: result.id ?? null,
          commit: result.commit === undefined ? null : commitJson(result.commit),
        }
      : result,
})
