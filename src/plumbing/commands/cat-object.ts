import { Buffer } from 'node:buffer'
import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import { hasCode } from '../../core/errors.ts'
import { hashObject, type Id, type ObjectKind, objectKinds } from '../../core/id.ts'
import { textLines } from '../byte-lines.ts'
import { catCanonical, catObject, type ObjectHeader, statObject } from '../cat-object.ts'
import type { Repository } from '../repository.ts'
import { objectId } from './object-argument.ts'

type Answer = 'kind' | 'size' | 'exists'

/** What stands in one line of the output. */
type Item =
  | Uint8Array
  | { readonly answer: Answer; readonly header: ObjectHeader }
  | { readonly text: string; readonly header: ObjectHeader }
  | { readonly name: string; readonly header: ObjectHeader; readonly content?: Uint8Array }
  | { readonly name: string; readonly problem: 'missing' | 'ambiguous' }

export const catObjectCommand = defineCommand({
  name: 'cat-object',
  usage: [
    'cat-object (-t | -s | -e | -p) <object>',
    'cat-object <kind> <object>',
    'cat-object (--batch | --batch-check)',
  ],
  summary: 'Print the kind, size or content of any object',
  description: [
    'With a kind, prints the canonical bytes of the object: those that its id is the SHA-256 of,',
    'behind `kind SP length NUL`. A commit, or a tag, leads to the tree that it stands for.',
    `Kinds: ${objectKinds.join(' ')}.`,
    '',
    '--batch-check answers each line of standard input with `id kind size`, --batch also with the',
    'canonical bytes and a line feed. What is not there is answered with `name missing`.',
    '',
    '--json gives id, kind and size, with -p what is printed as `text`, and bytes as `base64`.',
  ].join('\n'),
  examples: [
    { command: 'varve cat-object -t HEAD', about: 'commit' },
    {
      command: 'varve cat-object -p HEAD:brent-daily',
      about: 'columns, rows, and the segments with the ids of their columns',
    },
    { command: 'varve cat-object tree HEAD | sha256sum', about: 'the bytes behind a tree' },
  ],
  options: (y) =>
    y
      .positional('object', { array: true, complete: 'revision' })
      .option('t', { type: 'boolean', describe: 'Print its kind' })
      .option('s', { type: 'boolean', describe: 'Print the length of its canonical bytes' })
      .option('p', { type: 'boolean', describe: 'Print what it holds, for reading' })
      .option('e', { type: 'boolean', describe: 'Exit with 0 when it is there, 1 when it is not' })
      .option('batch-check', {
        type: 'boolean',
        describe: 'Answer each line of standard input with id, kind and size',
      })
      .option('batch', { type: 'boolean', describe: 'As --batch-check, and the content' })
      .conflicts('t', 's', 'p', 'e', 'batch', 'batch-check')
      .conflicts('s', 'p', 'e', 'batch', 'batch-check')
      .conflicts('p', 'e', 'batch', 'batch-check')
      .conflicts('e', 'batch', 'batch-check')
      .conflicts('batch', 'batch-check'),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    if (args.batch || args.batchCheck) {
      if (args.object.length > 0) throw usageError('a batch reads the objects from standard input')
      yield* batch(repo, context, args.batch)
      return
    }
    const single = args.t || args.s || args.p || args.e
    const [first, second] = args.object
    if (first === undefined || args.object.length !== (single ? 1 : 2)) {
      throw usageError(single ? 'it takes one object' : 'it takes a kind and an object')
    }
    if (args.e) {
      if (typeof (await headerOf(repo, context, first)) !== 'object') context.answerNo()
      return
    }
    if (!single) {
      const id = await objectId(repo, context, second!)
      const kind = parseKind(first)
      const content = await catCanonical(repo.objects, id, kind)
      const header = { id: hashObject(kind, content), kind, size: content.length }
      yield context.json ? { name: second!, header, content } : content
      return
    }
    const id = await objectId(repo, context, first)
    if (args.p && context.json) {
      const pieces: Uint8Array[] = []
      for await (const piece of catObject(repo.objects, id)) pieces.push(Buffer.from(piece))
      yield { text: Buffer.concat(pieces).toString(), header: await statObject(repo.objects, id) }
    } else if (args.p) {
      for await (const piece of catObject(repo.objects, id)) yield Buffer.from(piece)
    } else yield { answer: args.t ? 'kind' : 'size', header: await statObject(repo.objects, id) }
  },
  toText: (item) => {
    if (item instanceof Uint8Array) return ''
    if ('problem' in item) return `${item.name} ${item.problem}`
    if ('text' in item) return item.text
    if ('answer' in item)
      return String(item.answer === 'kind' ? item.header.kind : item.header.size)
    return headerLine(item.header)
  },
  toJson: (item) => {
    if (item instanceof Uint8Array) return undefined
    if ('problem' in item) return { name: item.name, [item.problem]: true }
    if ('answer' in item) return item.header
    if ('text' in item) return { ...item.header, text: item.text }
    const { name, header, content } = item
    const base64 = content === undefined ? {} : { base64: Buffer.from(content).toString('base64') }
    return { name, ...header, ...base64 }
  },
})

async function* batch(
  repo: Repository,
  context: Context,
  withContent: boolean,
): AsyncGenerator<Item> {
  for await (const name of textLines(context.stdin)) {
    const header = await headerOf(repo, context, name)
    if (header === undefined || header === 'ambiguous') {
      yield { name, problem: header ?? 'missing' }
    } else if (!withContent) {
      yield { name, header }
    } else {
      const content = await repo.objects.read(header.id, header.kind)
      if (context.json) yield { name, header, content }
      else yield Buffer.concat([Buffer.from(`${headerLine(header)}\n`), content, LINE_FEED])
    }
  }
}

const LINE_FEED = Buffer.from('\n')

function headerLine({ id, kind, size }: ObjectHeader): string {
  return `${id} ${kind} ${size}`
}

/** Undefined when nothing has the name. */
async function headerOf(
  repo: Repository,
  context: Context,
  name: string,
): Promise<ObjectHeader | 'ambiguous' | undefined> {
  try {
    const id: Id = await objectId(repo, context, name)
    return await statObject(repo.objects, id)
  } catch (error) {
    if (hasCode(error, 'ambiguous-revision')) return 'ambiguous'
    if (
      hasCode(error, 'object-not-found') ||
      hasCode(error, 'revision-not-found') ||
      hasCode(error, 'series-not-found')
    ) {
      return undefined
    }
    throw error
  }
}

function parseKind(text: string): ObjectKind {
  const kind = objectKinds.find((known) => known === text)
  if (kind !== undefined) return kind
  throw usageError(`there is no kind of object ${JSON.stringify(text)}`, objectKinds.join(' '))
}
