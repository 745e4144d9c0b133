import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import { subjectOf } from '../../core/commit.ts'
import { commitJson, signatureJson } from '../../plumbing/commands/commit-json.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { readMessage } from '../../plumbing/commands/message-input.ts'
import type { RefDetails } from '../../plumbing/for-each-ref.ts'
import type { DeletedRef } from '../branch.ts'
import { type CreatedTag, createTag, deleteTags, listTags } from '../tag.ts'
import { short } from './moving.ts'
import { listingFilter, listingOptions } from './ref-options.ts'

type Result =
  | { readonly tags: readonly RefDetails[] }
  | { readonly created: CreatedTag }
  | { readonly deleted: readonly DeletedRef[] }

export const tagCommand = defineCommand({
  name: 'tag',
  usage: [
    'tag [-n[<lines>]] [<options>] [--list <pattern>...]',
    'tag [-f] [-a] [-m <message>]... <name> [<rev>]',
    'tag -d <name>...',
  ],
  summary: 'List, make and delete tags',
  description: [
    'A tag is a name that stays where it is: for a publication, a model, a report. With -a or -m it',
    'is an object of its own that says who made it, when, and why.',
  ].join('\n'),
  examples: [
    { command: 'varve tag v1', about: 'HEAD is v1 from now on' },
    { command: 'varve tag -m "as published" 2026-08 HEAD~3', about: 'with a message' },
    { command: 'varve tag -n', about: 'the tags, with their messages' },
  ],
  options: (y) =>
    listingOptions(
      y
        .positional('names', { array: true, complete: 'tag', describe: 'The tag, then a revision' })
        .option('list', { alias: 'l', type: 'boolean', describe: 'List those that fit patterns' })
        .option('n', {
          value: 'lines',
          optionalValue: '1',
          coerce: lineCount,
          describe: 'Print so many lines of the message: 1 unless given',
        })
        .option('annotate', { alias: 'a', type: 'boolean', describe: 'Make a tag with a message' })
        .option('message', {
          alias: 'm',
          array: true,
          describe: 'The message, or a paragraph of it',
        })
        .option('file', {
          alias: 'F',
          array: true,
          complete: 'file',
          describe: 'Read a paragraph of the message from a file; - is standard input',
        })
        .option('force', { alias: 'f', type: 'boolean', describe: 'Move a tag that exists' })
        .option('delete', { alias: 'd', type: 'boolean', describe: 'Delete tags' }),
    ).conflicts('delete', 'list', 'annotate', 'message', 'file', 'force', 'n'),
  run: async (args, context): Promise<Result> => {
    const repo = await context.repository()
    const { names } = args
    if (args.delete) {
      if (names.length === 0) throw usageError('missing <name>')
      return { deleted: await deleteTags(repo, { names, who: await logIdentity(context) }) }
    }
    const message = args.annotate || args.message.length + args.file.length > 0
    const filter = listingFilter(args)
    const lists = args.list || args.n !== undefined || filter !== undefined
    const now = context.now()
    if (!message && (lists || names.length === 0)) {
      const wanted = { ...filter?.filters, sort: args.sort, names: filter?.names ?? names }
      return { tags: await listTags(repo, { ...wanted, now }) }
    }
    const [name, target, ...more] = names
    if (name === undefined) throw usageError('missing <name>')
    if (more.length > 0) throw usageError(`unexpected argument ${more[0]}`)
    // A tag object is somebody's word; a mere name is not.
    const who = message ? await context.identity('committer') : await logIdentity(context)
    const text = message ? await tagMessage(context, name, args) : undefined
    const { force } = args
    return { created: await createTag(repo, { name, target, message: text, force, who, now }) }
  },
  toText: (result, style, { n }) => {
    if ('deleted' in result) {
      return result.deleted
        .map(({ name, id }) => `Deleted tag '${name}' (was ${short(id)})`)
        .join('\n')
    }
    if ('created' in result) {
      const { name, old, id } = result.created
      return old === undefined || old === id ? '' : `Updated tag '${name}' (was ${short(old)})`
    }
    return result.tags
      .map((tag) => {
        const name = tag.name.replace('refs/tags/', '')
        if (n === undefined) return name
        const lines = messageOf(tag).split('\n').slice(0, n).join('\n    ')
        return `${style.yellow(name.padEnd(15))} ${lines}`.trimEnd()
      })
      .join('\n')
  },
  toJson: (result) => {
    if ('deleted' in result) return result.deleted
    if ('created' in result) return { ...result.created, old: result.created.old ?? null }
    return result.tags.map(({ name, short, id, kind, peeled, commit, peeledCommit, tag }) => {
      const stands = commit ?? peeledCommit
      return {
        ref: name,
        name: short,
        id,
        kind,
        object: peeled?.id ?? id,
        ...(tag !== undefined && { tagger: signatureJson(tag.tagger), message: tag.message }),
        ...(stands !== undefined && { commit: commitJson(stands) }),
      }
    })
  },
})

/** What a tag says; one without a message says what its commit does. */
function messageOf({ tag, commit, peeledCommit }: RefDetails): string {
  if (tag !== undefined) return tag.message
  const stands = commit ?? peeledCommit
  return stands === undefined ? '' : subjectOf(stands)
}

async function tagMessage(
  context: Context,
  name: string,
  { message, file }: { message: readonly string[]; file: readonly string[] },
): Promise<string> {
  if (message.length + file.length > 0) return readMessage(context, message, file)
  const text = await context.edit(`\n# The message of tag ${name}.\n`, 'TAG_EDITMSG')
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
}

function lineCount(text: string): number {
  const lines = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(lines)) throw usageError(`not a number of lines: ${JSON.stringify(text)}`)
  return lines
}
