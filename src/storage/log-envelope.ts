import { equalBytes, textToBytes } from '../core/bytes.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { CHECKSUM_BYTES, checksum } from './pack-record.ts'

// Log entries, checkpoints and archives have one envelope:
//
//   0        7  `varveLG` entry, `varveLC` checkpoint, `varveLA` archive
//   7        1  version of the format: 2
//   8        …  content
//            8  first bytes of SHA-256 over all of the above

export type LogMagic = 'varveLG' | 'varveLC' | 'varveLA'
const VERSION = 2
const HEAD_BYTES = 8

/** Content in its envelope. */
export function seal(magic: LogMagic, content: Uint8Array): Uint8Array {
  const head = Uint8Array.of(...textToBytes(magic), VERSION)
  return Buffer.concat([head, content, checksum(head, content)])
}

/**
 * The content of an envelope.
 *
 * @param name of the storage object, for messages
 * @throws `unsupported-format` for a version this program does not know, `corrupt-log` for bytes
 *   that are not what was written
 */
export function unseal(magic: LogMagic, bytes: Uint8Array, name: string): Uint8Array {
  const end = bytes.length - CHECKSUM_BYTES
  if (end < HEAD_BYTES || !equalBytes(bytes.subarray(0, 7), textToBytes(magic))) {
    throw corruptLog(name, 'it does not begin as it must')
  }
  const sum = bytes.subarray(end)
  // Before the checksum: a later version may have another one. Where it fits with ours, the version was damaged.
  if (bytes[7] !== VERSION) {
    const ours = Uint8Array.of(...bytes.subarray(0, 7), VERSION)
    if (equalBytes(checksum(ours, bytes.subarray(HEAD_BYTES, end)), sum)) {
      throw corruptLog(name, `its version is ${bytes[7]}, its checksum that of version ${VERSION}`)
    }
    throw new VarveError('unsupported-format', `${name} has version ${bytes[7]} of the format`, {
      data: { name, version: bytes[7], supported: VERSION },
      hint:
        Number(bytes[7]) < VERSION
          ? 'a varve from before 1.0 wrote this repository: read it with that version'
          : 'a newer varve wrote this repository: install that',
    })
  }
  if (!equalBytes(checksum(bytes.subarray(0, end)), sum)) {
    throw corruptLog(name, 'its checksum does not fit')
  }
  return bytes.subarray(HEAD_BYTES, end)
}

export function corruptLog(name: string, reason: string, cause?: unknown): VarveError {
  return new VarveError('corrupt-log', `the ref log is damaged: ${name}: ${reason}`, {
    data: { name },
    hint: 'nothing was changed; varve fsck says what else is damaged, and can go on with what is not',
    cause,
  })
}

/** The error to report for one met in the content of a storage object: it says in which. */
export function faultIn(name: string, error: unknown): unknown {
  const isOfBytes =
    hasCode(error, 'corrupt-object') ||
    (hasCode(error, 'corrupt-log') && error.data.name === undefined)
  return isOfBytes ? corruptLog(name, error.message, error) : error
}

/** Features that an entry may require and this program has. */
const knownFeatures: ReadonlySet<string> = new Set()

/** Features that one message names. */
const MOST_NAMED = 8

/** Refuses a repository that needs what this program does not have. */
export function checkFeatures(features: Iterable<string>, name: string): void {
  const unknown = [...features].filter((feature) => !knownFeatures.has(feature))
  if (unknown.length === 0) return
  const more = unknown.length > MOST_NAMED ? `, and ${unknown.length - MOST_NAMED} more` : ''
  const named = unknown.slice(0, MOST_NAMED).join(', ') + more
  throw new VarveError('unsupported-format', `${name} requires ${named}`, {
    data: { name, features: unknown },
    hint: 'a newer varve wrote this repository: install that',
  })
}
