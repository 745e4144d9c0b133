import { textToBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import { type Id, isId } from './id.ts'
import { checkMessage, endWithNewline, HeaderReader } from './message.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import { checkSignature, formatSignature, parseSignature, type Signature } from './signature.ts'
import { EMPTY_TREE, writeTree } from './tree.ts'

export type { Signature } from './signature.ts'

/** A state of the repository, who recorded it, and what it came from (docs/format/commit.md). */
export interface Commit {
  readonly tree: Id
  /** None for the first; the branch that was merged into comes first in a merge. */
  readonly parents: readonly Id[]
  readonly author: Signature
  readonly committer: Signature
  /** Ends with one newline; empty when there is none. */
  readonly message: string
}

/** The canonical bytes; `bad-input` for what a commit cannot say. */
export function encodeCommit(commit: Commit): Uint8Array {
  const { tree, parents, author, committer, message } = commit
  if (!isId(tree) || !parents.every(isId)) {
    throw new VarveError('bad-input', 'a commit names its tree and parents by whole ids')
  }
  if (new Set(parents).size !== parents.length) {
    throw new VarveError('bad-input', 'a commit cannot have a parent twice', { data: { parents } })
  }
  checkSignature('author', author)
  checkSignature('committer', committer)
  checkMessage(message)
  const lines = [
    `tree ${tree}\n`,
    ...parents.map((parent) => `parent ${parent}\n`),
    `author ${formatSignature(author)}\n`,
    `committer ${formatSignature(committer)}\n`,
    '\n',
    message,
  ]
  return textToBytes(lines.join(''))
}

/** Reads canonical bytes, and nothing else: `corrupt-object`. */
export function decodeCommit(bytes: Uint8Array): Commit {
  const reader = new HeaderReader('commit', bytes)
  const tree = readId(reader, reader.expect('tree'))
  const parents: Id[] = []
  for (let text = reader.take('parent'); text !== undefined; text = reader.take('parent')) {
    parents.push(readId(reader, text))
  }
  if (new Set(parents).size !== parents.length) throw reader.error('has a parent twice')
  const author = readSignature(reader, 'author')
  const committer = readSignature(reader, 'committer')
  return { tree, parents, author, committer, message: reader.message() }
}

/** The id that a header line names. */
export function readId(reader: HeaderReader, text: string): Id {
  if (!isId(text)) throw reader.error('names something that is not an id')
  return text
}

/** The signature in the next header line. */
export function readSignature(reader: HeaderReader, role: string): Signature {
  const signature = parseSignature(reader.expect(role))
  if (signature === undefined) throw reader.error(`has an ${role} line that is none`)
  return signature
}

/** Stores a commit, its message with one newline at the end, and the empty tree where that is its tree. */
export async function writeCommit(writer: ObjectWriter, commit: Commit): Promise<Id> {
  if (commit.tree === EMPTY_TREE) await writeTree(writer, [])
  const message = endWithNewline(commit.message)
  const base = commit.parents[0]
  return writer.put('commit', encodeCommit({ ...commit, message }), { base })
}

export async function readCommit(reader: ObjectReader, id: Id): Promise<Commit> {
  return decodeCommit(await reader.read(id, 'commit'))
}

/** The first line of a message, which stands for it in lists. */
export function subjectOf({ message }: Pick<Commit, 'message'>): string {
  const end = message.indexOf('\n')
  return end < 0 ? message : message.slice(0, end)
}
