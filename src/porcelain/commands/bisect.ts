import type { Context } from '../../cli/context.ts'
import { defineCommand, defineCommandGroup, given, usageError } from '../../cli/define-command.ts'
import { runProgram } from '../../cli/run-program.ts'
import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import type { Repository } from '../../plumbing/repository.ts'
import {
  type BisectOptions,
  type BisectResult,
  currentBisect,
  markBisect,
  nextBisect,
  resetBisect,
  runBisect,
  startBisect,
} from '../bisect.ts'
import { changesText, parseLayout } from './commit-text.ts'
import { seriesStatJson } from './history-json.ts'
import { noteFilesLeft, short, switchJson, switchText, whileMoving } from './moving.ts'

async function moving(
  context: Context,
  act: (repo: Repository, options: BisectOptions) => Promise<BisectResult>,
): Promise<BisectResult> {
  const repo = await context.repository()
  const who = await logIdentity(context)
  const now = context.now()
  const result = await whileMoving(context, {}, (files) => act(repo, { ...files, who, now }))
  noteFilesLeft(context, result.files)
  return result
}

const start = defineCommand({
  name: 'start',
  usage: 'start [<options>] [<bad> [<good>...]] [--] [<series>...]',
  summary: 'Begin a search',
  description: [
    'With a commit that has the change and one or more without it, the first one to be tested is',
    'checked out at once. With series, only commits that changed them are looked at.',
  ].join('\n'),
  examples: [
    { command: 'varve bisect start HEAD v1', about: 'HEAD has it, v1 has not' },
    {
      command: 'varve bisect start --term-old=complete --term-new=gaps HEAD v1 -- brent-daily',
      about: 'with words of your own, for one series',
    },
  ],
  options: (y) =>
    y
      .positional('revision', { array: true, complete: 'revision' })
      .afterDashes('series', { complete: 'series' })
      .option('term-old', {
        alias: 'term-good',
        value: 'term',
        describe: 'How commits without the change are called; good unless given',
      })
      .option('term-new', {
        alias: 'term-bad',
        value: 'term',
        describe: 'How commits with the change are called; bad unless given',
      })
      .option('first-parent', { type: 'boolean', describe: 'Follow only the first parent' })
      .option('no-checkout', {
        type: 'boolean',
        describe: 'Leave HEAD and files: the commit to be tested is called BISECT_HEAD',
      }),
  run: ({ revision, series, termOld, termNew, firstParent, noCheckout }, context) =>
    moving(context, (repo, options) => {
      const terms = given({ old: termOld, new: termNew })
      return startBisect(repo, {
        ...options,
        words: revision,
        series,
        terms,
        firstParent,
        noCheckout,
      })
    }),
  toText: stepText,
  toJson: stepJson,
})

function markCommand(name: string, summary: string) {
  return defineCommand({
    name,
    summary,
    options: (y) =>
      y.positional('revision', {
        array: true,
        complete: 'revision',
        describe: 'Commits; the one that is tested unless given',
      }),
    run: ({ revision }, context) =>
      moving(context, (repo, options) =>
        markBisect(repo, { ...options, term: name, revisions: revision }),
      ),
    toText: stepText,
    toJson: stepJson,
  })
}

const mark = defineCommand({
  name: 'mark',
  usage: '<term> [<revision>...]',
  summary: 'Say of commits what the search calls them',
  options: (y) => y.positional('words', { array: true, complete: 'revision' }),
  run: ({ words }, context) => {
    const [term, ...revisions] = words
    if (term === undefined) {
      throw usageError('missing what to do', 'varve bisect start BAD GOOD begins a search')
    }
    return moving(context, (repo, options) => markBisect(repo, { ...options, term, revisions }))
  },
  toText: stepText,
  toJson: stepJson,
})

const run = defineCommand({
  name: 'run',
  usage: 'run <command> [<argument>...]',
  summary: 'Test commit by commit with a program',
  description: [
    'Exit code 0 means that the commit has not got the change, 1 to 124 that it has, 125 that it cannot be',
    'tested. Any other ends the search where it stands: 126 and 127 too, which say that a shell could not run a',
    'program. The program runs at the top of the work tree, with the id in VARVE_BISECT_HEAD; what it prints goes',
    'to stderr. Options behind its name are its own.',
  ].join('\n'),
  examples: [
    { command: 'varve bisect run ./check.sh', about: 'until the commit is found' },
    { command: 'varve bisect run grep -q 2020-04-20 wti.csv', about: 'is the row there?' },
  ],
  options: (y) =>
    y
      .positional('words', { array: true, verbatim: true, complete: 'file' })
      .afterDashes('command', { complete: 'file' }),
  run: async ({ words, command }, context) => {
    const [program, ...args] = [...words, ...command]
    if (program === undefined) throw usageError('missing <command>')
    return moving(context, (repo, options) => {
      const cwd = repo.workTree?.root ?? context.cwd
      return runBisect(repo, {
        ...options,
        test: (id) =>
          runProgram({ program, args, cwd, env: { VARVE_BISECT_HEAD: id }, signal: context.abort }),
        onStep: ({ step }, verdict, id) => {
          const left = step?.kind === 'test' ? `, ${leftText(step.left)}` : ''
          context.note(`${short(id)} is ${verdict === 'skip' ? 'skipped' : verdict}${left}`)
        },
      })
    })
  },
  toText: stepText,
  toJson: stepJson,
})

const next = defineCommand({
  name: 'next',
  summary: 'Go to the commit that is to be tested, again',
  run: (_, context) => moving(context, nextBisect),
  toText: stepText,
  toJson: stepJson,
})

const reset = defineCommand({
  name: 'reset',
  summary: 'End the search, and go back to where it began',
  options: (y) =>
    y.positional('revision', {
      complete: 'revision',
      describe: 'Go here instead: a branch or a commit',
    }),
  run: async ({ revision }, context) => {
    const repo = await context.repository()
    const who = await logIdentity(context)
    const moved = await whileMoving(context, {}, (files) =>
      resetBisect(repo, { ...files, who, to: revision, now: context.now() }),
    )
    return { moved }
  },
  toText: ({ moved }) =>
    moved === undefined ? 'No search is going on any more' : switchText(moved),
  toJson: ({ moved }) => (moved === undefined ? { to: null } : switchJson(moved)),
})

const log = defineCommand({
  name: 'log',
  summary: 'Print the commands that led here',
  run: async (_, context) => (await currentBisect(await context.repository())).log,
  toText: (lines) => lines.join('\n'),
})

const terms = defineCommand({
  name: 'terms',
  summary: 'Print how commits are called',
  run: async (_, context) => (await currentBisect(await context.repository())).terms,
  toText: (terms) => `without the change: ${terms.old}\nwith the change: ${terms.new}`,
})

export const bisectCommand = defineCommandGroup({
  name: 'bisect',
  summary: 'Find the commit that changed something, by halving',
  description: [
    'Name one commit that has what you look for and one that has not. varve goes to a commit in the',
    'middle; say whether it is good (without) or bad (with), and it goes on until one is left: of 1,000',
    'commits it is found after ten. skip leaves one out that cannot be tested. run does it all with a program.',
    '',
    'HEAD is detached meanwhile; reset goes back. Without a work tree, or with --no-checkout, only the',
    'revision BISECT_HEAD says what is to be tested.',
  ].join('\n'),
  examples: [
    { command: 'varve bisect start HEAD v1', about: 'HEAD has it, v1 has not' },
    { command: 'varve bisect good', about: 'the commit that is checked out has not' },
    { command: 'varve bisect run ./check.sh', about: 'let a program say it' },
    { command: 'varve bisect reset', about: 'back to where it began' },
  ],
  subcommands: [
    start,
    markCommand('good', 'Say that commits have not got the change'),
    markCommand('bad', 'Say that a commit has the change'),
    markCommand('old', 'As good'),
    markCommand('new', 'As bad'),
    markCommand('skip', 'Say that commits cannot be tested'),
    mark,
    run,
    next,
    reset,
    log,
    terms,
  ],
  fallback: 'mark',
})

function leftText(left: number): string {
  return left === 1 ? '1 commit left' : `${left.toLocaleString('en-US')} commits left`
}

const medium = parseLayout('medium')

function stepText(
  { terms, missing, step, commit, changes = [] }: BisectResult,
  style: Style,
): string {
  if (step === undefined) {
    const lacking = [missing.old && terms.old, missing.new && terms.new].filter(Boolean)
    return `waiting for a commit that is ${lacking.join(' and one that is ')}`
  }
  if (step.kind === 'skipped') {
    const ids = step.ids.map((id) => `  ${style.yellow(short(id))}`)
    return [
      `Only commits that were skipped are left: the first that is ${terms.new} is one of`,
      ...ids,
    ].join('\n')
  }
  if (step.kind === 'undone' || commit === undefined) return ''
  const subject = `[${style.yellow(short(step.id))}] ${subjectOf(commit)}`
  if (step.kind === 'merge-base') {
    return `Bisecting: a merge base is to be tested first\n${subject}`
  }
  if (step.kind === 'test') {
    const { left, steps } = step
    const rough = steps === 1 ? 'roughly 1 step' : `roughly ${steps} steps`
    return `Bisecting: ${leftText(left)} to test after this (${rough})\n${subject}`
  }
  const logged = { id: step.id, commit, decorations: [], paths: [] }
  const text = medium.text(logged, { style, abbreviation: 7, dateStyle: 'default', now: 0 })
  const stat = changesText(changes, style)
  const head = `${short(step.id)} is the first commit that is ${terms.new}`
  return [head, '', text, ...(stat === '' ? [] : ['', stat])].join('\n')
}

function stepJson({ terms, missing, step, commit, changes }: BisectResult) {
  return {
    terms,
    missing,
    step: step ?? null,
    commit: commit === undefined ? null : commitJson(commit),
    ...(changes && { changes: changes.map(seriesStatJson) }),
  }
}
