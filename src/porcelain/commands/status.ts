import { defineCommand } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { isId, shortId } from '../../core/id.ts'
import { formatCounts } from '../../core/series-counts.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import type { Tracking } from '../../plumbing/tracking.ts'
import { schemaChangeText } from '../change-summary.ts'
import type { SeriesStat } from '../series-stat.ts'
import { type StatusResult, status, type UnstagedFile } from '../status.ts'
import { conflictCount } from '../three-way.ts'
import { faultText } from './diff-text.ts'
import { seriesStatJson } from './history-json.ts'

const untrackedModes = ['no', 'normal', 'all'] as const

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'Show what is staged, what changed in files, and what is new',
  description: [
    'A changed file is one whose size or time differ, and then its rows. `unreadable` says why a',
    'file cannot be added as it is; a `missing` file is not a deletion: `varve rm` is; an `outdated`',
    'one was not touched, but its series has changed since. Rows are counted as +appended ~revised',
    '-deleted; in +2/1 the 1 is new before the old end (backfilled).',
    '',
    '--short has two letters a line: what is staged (A new, M modified, D deleted, R renamed: OLD -> NEW), then the file',
    '(M modified or unreadable, D missing, O outdated), then the series; `??` and a file that is no',
    "series'. --porcelain is the same without colours, for scripts.",
  ].join('\n'),
  examples: [
    { command: 'varve status', about: 'what a commit would hold, and what not' },
    { command: 'varve status -sb', about: 'the same in short, with the branch' },
  ],
  options: (y) =>
    y
      .option('short', { alias: 's', type: 'boolean', describe: 'A line each, two letters before' })
      .option('porcelain', { type: 'boolean', describe: 'As --short, for scripts' })
      .option('branch', { alias: 'b', type: 'boolean', describe: 'The branch too, in short' })
      .option('untracked-files', {
        alias: 'u',
        value: 'mode',
        choices: untrackedModes,
        optionalValue: 'all',
        describe: "Files that are no series': no, normal (folders as one), or all",
      }),
  run: async (args, context) => {
    const repo = await context.repository()
    const progress = context.progress({ label: 'looking at files', unit: 'series' })
    return status(repo, {
      untracked: args.untrackedFiles,
      signal: context.abort,
      onFile: () => progress.add(1),
    }).finally(() => progress.done())
  },
  toText: (result, style, { short, porcelain, branch }) => {
    if (porcelain) return shortText(result, branch)
    return short ? shortText(result, branch, style) : longText(result, style)
  },
  toJson: ({ branch, head, tracking, bisecting, merging, bare, staged, unstaged, untracked }) => ({
    branch: branch ?? null,
    head: head ?? null,
    ...(tracking && {
      upstream: tracking.short,
      ahead: tracking.distance?.ahead ?? null,
      behind: tracking.distance?.behind ?? null,
    }),
    ...(bisecting && { bisecting }),
    ...(merging && { merging }),
    bare,
    staged: staged.map(seriesStatJson),
    unstaged: unstaged.map(({ change, fault, ...file }) => ({
      ...file,
      ...(change && { change: seriesStatJson(change) }),
      ...(fault && { reason: fault.message, data: fault.data }),
    })),
    untracked,
  }),
})

const stagedLetters = { new: 'A', changed: 'M', deleted: 'D' } as const
const fileLetters = { modified: 'M', unreadable: 'M', missing: 'D', outdated: 'O' } as const

function shortText(
  { branch, head, tracking, staged, unstaged, untracked }: StatusResult,
  withBranch: boolean,
  style?: Style,
): string {
  const green = style?.green ?? String
  const red = style?.red ?? String
  const letters = new Map<string, { index: string; file: string; from?: string }>()
  for (const change of staged) {
    const { state, from } = change
    const index = from === undefined ? stagedLetters[state] : 'R'
    letters.set(nameOf(change), { index, file: ' ', ...(from !== undefined && { from }) })
  }
  for (const { series, state } of unstaged) {
    letters.set(series, { index: ' ', ...letters.get(series), file: fileLetters[state] })
  }
  const lines = [...letters]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, { index, file, from }]) => {
      const before = from === undefined ? '' : `${readablePath(from)} -> `
      return `${green(index)}${red(file)} ${before}${readablePath(name)}`
    })
  if (withBranch) {
    const where = branch?.replace(/^refs\/heads\//, '') ?? 'HEAD (no branch)'
    const follows = tracking === undefined ? '' : `...${tracking.short}${distanceText(tracking)}`
    lines.unshift(`## ${head === undefined ? 'No commits yet on ' : ''}${where}${follows}`)
  }
  return [...lines, ...untracked.map((file) => `${red('??')} ${readablePath(file)}`)].join('\n')
}

function longText(result: StatusResult, style: Style): string {
  const { branch, head, tracking, bisecting, merging, bare, staged, unstaged, untracked } = result
  const where =
    branch === undefined
      ? `${style.red('HEAD detached at')} ${shortId(head!)}`
      : `On branch ${branch.replace(/^refs\/heads\//, '')}`
  const parts = [head === undefined ? `${where}\n\nNo commits yet` : where]
  if (tracking !== undefined && head !== undefined)
    parts[0] += `\n${trackingText(tracking, merging)}`
  if (bisecting !== undefined) parts.push(bisectingText(bisecting))
  if (merging !== undefined) parts.push(mergingText(merging, style))
  if (bare) parts.push('no work tree here: every command that changes series commits')
  if (staged.length > 0) {
    const lines = inColumns(staged.map((change) => [stagedLabel(change), changeText(change)]))
    parts.push(
      section(
        'Changes to be committed:',
        ['use "varve restore --staged <series>..." to unstage'],
        lines,
        style.green,
      ),
    )
  }
  if (unstaged.length > 0) {
    const lines = inColumns(unstaged.map((file) => [`${file.state}:`, fileText(file)]))
    const hints = [
      'use "varve add <file>..." to update what will be committed',
      'use "varve restore <file>..." to bring a file back as it was',
    ]
    parts.push(section('Changes not staged for commit:', hints, lines, style.red))
  }
  if (untracked.length > 0) {
    const hints = ['use "varve add <file>..." to include in what will be committed']
    parts.push(section('Untracked files:', hints, untracked.map(readablePath), style.red))
  }
  const end = bare ? '' : lastLine(result)
  if (end !== '') parts.push(end)
  // As in git, where two lines say that there is nothing.
  return parts.join(parts.length === 2 && staged.length === 0 && head !== undefined ? '\n' : '\n\n')
}

/** ` [ahead 1, behind 2]`; nothing where they are the same. */
function distanceText({ distance }: Tracking): string {
  if (distance === undefined) return ' [gone]'
  const { ahead, behind } = distance
  const words = [ahead > 0 ? `ahead ${ahead}` : '', behind > 0 ? `behind ${behind}` : '']
  const text = words.filter((word) => word !== '').join(', ')
  return text === '' ? '' : ` [${text}]`
}

/** How the branch stands to the one that it follows, in git's words; what comes next is another thing during a merge. */
function trackingText({ short, distance }: Tracking, merging: StatusResult['merging']): string {
  if (distance === undefined) {
    return `Your branch follows '${short}', which is not there (any more).\n  (use "varve branch --unset-upstream" to forget it)`
  }
  const { ahead, behind } = distance
  const commits = (count: number) =>
    `${count.toLocaleString('en-US')} commit${count === 1 ? '' : 's'}`
  if (ahead === 0 && behind === 0) return `Your branch is up to date with '${short}'.`
  if (behind === 0) {
    return `Your branch is ahead of '${short}' by ${commits(ahead)}.\n  (use "varve push" to publish them)`
  }
  if (ahead === 0) {
    const isBehind = `Your branch is behind '${short}' by ${commits(behind)}, and can be moved on.`
    return merging ? isBehind : `${isBehind}\n  (use "varve pull" to do that)`
  }
  const diverged = `Your branch and '${short}' have diverged: ${ahead} and ${behind} commits that the other has not.`
  return merging ? diverged : `${diverged}\n  (use "varve pull" to merge what is there)`
}

function bisectingText(search: NonNullable<StatusResult['bisecting']>): string {
  if ('damaged' in search) {
    return `A search (bisect) was going on: ${search.damaged}.\n  (use "varve bisect reset" to drop it)`
  }
  const { from } = search
  const place = isId(from) ? shortId(from) : from
  return `A search (bisect) is going on, begun at ${place}.\n  (use "varve bisect reset" to end it, and go back there)`
}

/** Series with conflicts that are named one by one. */
const MOST_CONFLICTS = 10

function mergingText(
  { action, shown, conflicts, todo }: NonNullable<StatusResult['merging']>,
  style: Style,
): string {
  const rest = todo === 0 ? '' : `, and ${todo} more to come`
  if (conflicts.length === 0) {
    const how = action === 'merge' ? 'commit' : `${action} --continue`
    return [
      `No conflict is left, and the ${action} of ${shown} is not concluded${rest}.`,
      `  (use "varve ${how}" to conclude it)`,
      `  (use "varve ${action} --abort" to take it back)`,
    ].join('\n')
  }
  const lines = conflicts
    .slice(0, MOST_CONFLICTS)
    .map(
      ({ series, conflicts }) =>
        `\t${style.red(`${readablePath(series)}  ${conflictCount(conflicts)}`)}`,
    )
  const more = conflicts.length - MOST_CONFLICTS
  if (more > 0) lines.push(`\t${style.red(`and ${more.toLocaleString('en-US')} more series`)}`)
  return [
    `The ${action} of ${shown} has conflicts to be settled${rest}:`,
    `  (use "varve ${action} --conflicts" to see them)`,
    `  (use "varve ${action} --resolve ours|theirs|<file>" to settle them, or "varve add" what is right)`,
    `  (use "varve ${action} --abort" to take the ${action} back)`,
    ...lines,
  ].join('\n')
}

function lastLine({ head, merging, staged, unstaged, untracked }: StatusResult): string {
  if (staged.length > 0) return ''
  if (unstaged.length > 0) return 'no changes added to commit (use "varve add")'
  if (untracked.length > 0) {
    return 'nothing added to commit but untracked files present (use "varve add" to track)'
  }
  // What is merged may hold no change of ours: it is concluded all the same.
  if (merging !== undefined) return ''
  return head === undefined
    ? 'nothing to commit (use "varve add <file>..." or "varve write <series> --create")'
    : 'nothing to commit, work tree clean'
}

function section(
  title: string,
  hints: readonly string[],
  lines: readonly string[],
  paint: (text: string) => string,
): string {
  const body = [...hints.map((hint) => `  (${hint})`), ...lines.map((line) => `\t${paint(line)}`)]
  return [title, ...body].join('\n')
}

function inColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2
  return rows.map(([label, text]) => `${label.padEnd(width)}${text}`)
}

function stagedLabel({ state, kind, from }: SeriesStat): string {
  if (from !== undefined) return 'renamed:'
  const noun = kind === 'collection' ? ' collection' : ' series'
  return `${state === 'changed' ? 'modified' : `${state}${state === 'new' ? noun : ''}`}:`
}

function nameOf({ path, kind }: SeriesStat): string {
  return kind === 'collection' ? `${path}/` : path
}

function changeText(change: SeriesStat): string {
  const { from } = change
  const before = from === undefined ? '' : `${readablePath(from)} -> `
  return `${before}${readablePath(nameOf(change))}${countsText(change)}`
}

function countsText({ kind, stat, settings, state }: SeriesStat): string {
  const notes = stat.schemaChanges.map(schemaChangeText)
  if (settings && (state === 'changed' || kind === 'series')) notes.push('settings')
  const counts = kind === 'collection' ? '' : `  ${formatCounts(stat)}`
  return `${counts}${notes.length === 0 ? '' : `  [${notes.join('; ')}]`}`
}

function fileText({ file, change, fault }: UnstagedFile): string {
  const name = readablePath(file)
  if (change !== undefined) return `${name}${countsText(change)}`
  return fault === undefined ? name : faultText(file, fault)
}
