import { defineCommand } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { abbreviateId } from '../abbreviate-id.ts'
import { showRef } from '../show-ref.ts'
import { abbreviation } from './abbreviation.ts'

export const showRefCommand = defineCommand({
  name: 'show-ref',
  summary: 'List refs and where they are',
  description: [
    'Each line is `id SP name`. A pattern fits the last parts of a name: main fits refs/heads/main.',
    'The exit code is 1 when there is none.',
  ].join('\n'),
  examples: [
    {
      command: 'varve show-ref --verify --quiet refs/heads/main',
      about: 'does the branch exist?',
    },
  ],
  options: (y) =>
    y
      .positional('pattern', { array: true, complete: 'branch' })
      .option('head', { type: 'boolean', describe: 'HEAD too' })
      .option('heads', { alias: 'branches', type: 'boolean', describe: 'Branches only' })
      .option('tags', { type: 'boolean', describe: 'Tags only; with --heads, both' })
      .option('dereference', {
        alias: 'd',
        type: 'boolean',
        describe: 'Also what a tag stands for, as NAME^{}',
      })
      .option('hash', {
        alias: 's',
        optionalValue: '64',
        value: 'n',
        coerce: abbreviation,
        describe: 'Print ids alone, of n digits',
      })
      .option('abbrev', {
        optionalValue: '7',
        value: 'n',
        coerce: abbreviation,
        describe: 'Shorten ids to n digits, or as many as it takes',
      })
      .option('verify', {
        type: 'boolean',
        describe: 'Patterns are full names, each of which must be there',
      }),
  run: async function* (args, context) {
    const repo = await context.repository()
    const { pattern: patterns, head, heads, tags, dereference, verify } = args
    const shown = await showRef(repo, { patterns, head, heads, tags, dereference, verify })
    if (shown.length === 0) context.answerNo()
    if (verify) {
      const missing = patterns.find((name) => !shown.some((ref) => ref.name === name))
      if (missing !== undefined) {
        context.answerNo()
        if (context.quiet) return
        throw new VarveError('ref-not-found', `there is no ref ${missing}`, {
          data: { ref: missing },
        })
      }
    }
    if (context.quiet) return
    const digits = args.hash ?? args.abbrev ?? 64
    for (const ref of shown) {
      yield { ...ref, short: digits < 64 ? await abbreviateId(repo, ref.id, digits) : ref.id }
    }
  },
  toText: ({ short, name }, _style, { hash }) => (hash === undefined ? `${short} ${name}` : short),
  toJson: ({ name, id }) => ({ name, id }),
})
