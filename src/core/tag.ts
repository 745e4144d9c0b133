import { textToBytes } from './bytes.ts'
import { readId, readSignature } from './commit.ts'
import { VarveError } from './errors.ts'
import { type Id, isId, type ObjectKind, objectKinds } from './id.ts'
import { checkMessage, endWithNewline, HeaderReader } from './message.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import { checkSignature, formatSignature, type Signature } from './signature.ts'

/** A name given to an object, by whom and why (docs/format/tag.md). */
export interface Tag {
  readonly object: Id
  readonly kind: ObjectKind
  /** Short: `v1`, not `refs/tags/v1`. */
  readonly name: string
  readonly tagger: Signature
  /** Ends with one newline; empty when there is none. */
  readonly message: string
}

// The rules of refs (names.ts) are stricter; this is what a header line cannot hold.
const isUnfitName = (name: string): boolean => /^$|[\p{Cc} ]|\p{Surrogate}/u.test(name)

function isKind(text: string): text is ObjectKind {
  return (objectKinds as readonly string[]).includes(text)
}

/** The canonical bytes; `bad-input` or `invalid-name` for what a tag cannot say. */
export function encodeTag({ object, kind, name, tagger, message }: Tag): Uint8Array {
  if (!isId(object) || !isKind(kind)) {
    throw new VarveError('bad-input', 'a tag names an object by its whole id and its kind')
  }
  if (isUnfitName(name)) {
    throw new VarveError('invalid-name', `${JSON.stringify(name)} is not a name for a tag`)
  }
  checkSignature('tagger', tagger)
  checkMessage(message)
  const header = `object ${object}\ntype ${kind}\ntag ${name}\ntagger ${formatSignature(tagger)}\n`
  return textToBytes(`${header}\n${message}`)
}

/** Reads canonical bytes, and nothing else: `corrupt-object`. */
export function decodeTag(bytes: Uint8Array): Tag {
  const reader = new HeaderReader('tag', bytes)
  const object = readId(reader, reader.expect('object'))
  const kind = reader.expect('type')
  if (!isKind(kind)) throw reader.error('names a kind of object that is not known')
  const name = reader.expect('tag')
  if (isUnfitName(name)) throw reader.error('has a name that is none')
  const tagger = readSignature(reader, 'tagger')
  return { object, kind, name, tagger, message: reader.message() }
}

/** Stores a tag, its message with one newline at the end. */
export async function writeTag(writer: ObjectWriter, tag: Tag): Promise<Id> {
  return writer.put('tag', encodeTag({ ...tag, message: endWithNewline(tag.message) }))
}

export async function readTag(reader: ObjectReader, id: Id): Promise<Tag> {
  return decodeTag(await reader.read(id, 'tag'))
}
