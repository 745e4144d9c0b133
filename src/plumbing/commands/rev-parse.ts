import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { hasCode } from '../../core/errors.ts'
import { isBare, type Repository } from '../repository.ts'
import { type ParsedRevision, revParse } from '../rev-parse.ts'
import { abbreviation } from './abbreviation.ts'

interface Questions {
  readonly isBareRepository: boolean
  readonly isInsideWorkTree: boolean
  readonly showToplevel: boolean
  readonly varveDir: boolean
}

type Answer = { readonly question: string; readonly answer: string | boolean }

export const revParseCommand = defineCommand({
  name: 'rev-parse',
  summary: 'Turn revisions into ids',
  description: [
    'Takes HEAD, refs, abbreviated ids, HEAD~2, main^, @{1}, main@{2020-04-21}, REV:NAME, :NAME for',
    'what is in the index, A..B, A...B and ^A.',
  ].join('\n'),
  examples: [
    { command: 'varve rev-parse --short HEAD', about: 'the commit that is checked out' },
    { command: 'varve rev-parse HEAD~1:brent-daily', about: 'the id of a series one commit ago' },
    { command: 'varve rev-parse --verify --quiet v1', about: 'does v1 exist?' },
  ],
  options: (y) =>
    y
      .positional('revision', { array: true, complete: 'revision' })
      .option('verify', { type: 'boolean', describe: 'Exactly one object must be named' })
      .option('short', {
        optionalValue: '7',
        value: 'n',
        coerce: abbreviation,
        describe: 'Shorten ids to n digits, or as many as it takes',
      })
      .option('abbrev-ref', { type: 'boolean', describe: 'Print the short names of refs' })
      .option('symbolic-full-name', { type: 'boolean', describe: 'Print the full names of refs' })
      .option('show-toplevel', { type: 'boolean', describe: 'Print the root of the work tree' })
      .option('varve-dir', { type: 'boolean', describe: 'Print where the repository is' })
      .option('is-bare-repository', { type: 'boolean', describe: 'Print true or false' })
      .option('is-inside-work-tree', { type: 'boolean', describe: 'Print true or false' })
      .conflicts('abbrev-ref', 'symbolic-full-name'),
  run: async function* (args, context): AsyncGenerator<ParsedRevision | Answer> {
    const repo = await context.repository()
    const answers = answerQuestions(repo, args)
    yield* answers
    if (args.revision.length === 0 && answers.length === 0) {
      throw usageError('no revision to parse')
    }
    const names = args.abbrevRef ? 'short' : args.symbolicFullName ? 'full' : undefined
    try {
      yield* await revParse(
        repo,
        given({
          words: args.revision,
          verify: args.verify && answers.length === 0,
          short: args.short,
          names: names as 'short' | 'full' | undefined,
          now: context.now(),
        }),
      )
    } catch (error) {
      if (!(args.verify && context.quiet && isMissing(error))) throw error
      context.answerNo()
    }
  },
  toText: (item) => ('question' in item ? String(item.answer) : item.text),
})

function answerQuestions(repo: Repository, questions: Questions): Answer[] {
  const { workTree } = repo
  const answers: Answer[] = []
  if (questions.showToplevel) {
    if (workTree === undefined) throw usageError('a bare repository has no work tree')
    answers.push({ question: 'show-toplevel', answer: workTree.root })
  }
  if (questions.varveDir) answers.push({ question: 'varve-dir', answer: repo.storage.location })
  if (questions.isBareRepository) {
    answers.push({ question: 'is-bare-repository', answer: isBare(repo) })
  }
  if (questions.isInsideWorkTree) {
    answers.push({ question: 'is-inside-work-tree', answer: workTree !== undefined })
  }
  return answers
}

function isMissing(error: unknown): boolean {
  return (
    hasCode(error, 'revision-not-found') ||
    hasCode(error, 'series-not-found') ||
    hasCode(error, 'object-not-found')
  )
}
