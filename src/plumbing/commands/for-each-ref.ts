import { defineCommand, given } from '../../cli/define-command.ts'
import { abbreviationLength } from '../abbreviate-id.ts'
import { forEachRef, type RefDetails, refSortKeys } from '../for-each-ref.ts'
import { defaultRefFormat, parseRefFormat } from '../format-ref.ts'
import { commitJson, signatureJson } from './commit-json.ts'

export const forEachRefCommand = defineCommand({
  name: 'for-each-ref',
  summary: 'Print something about each ref',
  description: [
    'A pattern is the full name of a ref, a folder above it (refs/heads), or has * in it.',
    '',
    'Fields of --format: %(refname), %(refname:short), %(objectname), %(objectname:short),',
    '%(objecttype), %(HEAD), %(upstream), %(tree), %(parent), %(numparent), %(object), %(type),',
    '%(tag), %(subject), %(body), %(contents), %(author), %(authorname), %(authoremail),',
    '%(authordate), the same of committer and tagger, %(creator), %(creatordate). Dates take a',
    'style: %(authordate:iso). %(*field) is about what a tag stands for; %% is a %, %xx a byte.',
  ].join('\n'),
  examples: [
    {
      command: "varve for-each-ref --format='%(refname:short) %(subject)' refs/heads",
      about: 'each branch with the first line of its last message',
    },
    {
      command: 'varve for-each-ref --sort=-committerdate --count=3 refs/heads',
      about: 'the branches that were committed to last',
    },
  ],
  options: (y) =>
    y
      .positional('pattern', { array: true, complete: 'branch' })
      .option('format', { default: defaultRefFormat, describe: 'What to print of each' })
      .option('sort', {
        array: true,
        value: 'key',
        describe: 'Sort by this; a - in front turns it round. The first one weighs most',
        complete: () => [...refSortKeys],
      })
      .option('count', { type: 'number', value: 'n', describe: 'At most so many' })
      .option('points-at', { value: 'object', describe: 'Only refs at it', complete: 'revision' })
      .option('contains', {
        value: 'commit',
        describe: 'Only refs that it can be reached from',
        complete: 'revision',
      })
      .option('no-contains', {
        value: 'commit',
        describe: 'Only refs that it cannot be reached from',
        complete: 'revision',
      })
      .option('merged', {
        value: 'commit',
        optionalValue: 'HEAD',
        describe: 'Only refs that can be reached from it',
        complete: 'revision',
      })
      .option('no-merged', {
        value: 'commit',
        optionalValue: 'HEAD',
        describe: 'Only refs that cannot be reached from it',
        complete: 'revision',
      }),
  run: async function* (args, context) {
    const repo = await context.repository()
    const { pattern: patterns, sort, count, pointsAt, contains, merged } = args
    const { noContains, noMerged } = args
    const now = context.now()
    const format = parseRefFormat(args.format)
    const abbreviation = args.format.includes(':short') ? await abbreviationLength(repo) : 7
    const found = await forEachRef(
      repo,
      given({ patterns, sort, count, pointsAt, contains, noContains, merged, noMerged, now }),
    )
    for (const details of found) {
      yield { details, text: format(details, { abbreviation, now: now.seconds }) }
    }
  },
  toText: ({ text }) => text || '\n',
  toJson: ({ details }) => refJson(details),
  raw: true,
})

function refJson({ name, short, tag, commit, peeledCommit, ...rest }: RefDetails) {
  return {
    ref: name,
    name: short,
    ...rest,
    ...(tag !== undefined && { tag: { ...tag, tagger: signatureJson(tag.tagger) } }),
    ...(commit !== undefined && { commit: commitJson(commit) }),
    ...(peeledCommit !== undefined && { peeledCommit: commitJson(peeledCommit) }),
  }
}
