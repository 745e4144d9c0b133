import { decodeColumnBody, encodeColumnBody } from '../core/encoding/body.ts'
import { type DeltaForm, decodeDelta, encodeDelta } from '../core/encoding/delta.ts'
import { frameCanHold, LONGEST_UNPACKED } from '../core/encoding/frame-bound.ts'
import { VarveError } from '../core/errors.ts'
import type { ObjectKind } from '../core/id.ts'
import { isValue } from '../core/objects.ts'
import { loadZstd, type Zstd } from './zstd.ts'

// How a record's body stands for canonical bytes. Numbers are never reused.
//
// | method | body |
// |---|---|
// | 0 | the canonical bytes |
// | 1 | one zstd frame of them |
// | 2 | of a column: its values encoded by their kind, see `core/encoding/body.ts` |
// | 3, 4, 5, 6 | a difference to a base, see `core/encoding/delta.ts` |

export const RAW = 0
export const ZSTD = 1
export const COLUMN = 2
/** The difference of two sequences of bytes. */
export const BYTES_DELTA = 3
/** The difference of two columns, row by row. */
export const ROWS_DELTA = 4
/** A zstd frame whose dictionary is the base. */
export const DICTIONARY = 5
/** A column of doubles that is another times a number. */
const FACTOR_DELTA = 6

const deltaMethods: Readonly<Record<DeltaForm, number>> = {
  bytes: BYTES_DELTA,
  rows: ROWS_DELTA,
  dictionary: DICTIONARY,
  factor: FACTOR_DELTA,
}
const deltaForms = new Map(
  Object.entries(deltaMethods).map(([form, method]) => [method, form as DeltaForm]),
)

/** Whether bodies of this method are differences to a base. */
export function isDelta(method: number): boolean {
  return deltaForms.has(method)
}

/** Every kind but untyped bytes and whole columns: one value of 64 MiB and what surrounds it. */
const STRUCTURE_LIMIT = 65 * 1024 * 1024
/** Bytes and columns may be of any length that one record can hold. */
const CONTENT_LIMIT = 0xf000_0000

/** The longest canonical bytes an object of this kind may have. */
export function lengthLimit(kind: ObjectKind): number {
  return isValue(kind) ? CONTENT_LIMIT : STRUCTURE_LIMIT
}

export interface EncodedBody {
  readonly method: number
  readonly body: Uint8Array
}

/** Shorter objects gain nothing from a frame. */
const WORTH_COMPRESSING = 48

/**
 * The body to store for canonical bytes: of a column its encoding, of anything else, or where that is
 * no gain, zstd; the bytes themselves where nothing makes them smaller.
 */
export async function encodeBody(
  kind: ObjectKind,
  canonical: Uint8Array,
  level: number,
): Promise<EncodedBody> {
  const short = canonical.length < WORTH_COMPRESSING
  if (short && kind !== 'column') return { method: RAW, body: canonical }
  const zstd = await loadZstd()
  if (kind === 'column') {
    const body = encodeColumnBody(canonical, level, zstd)
    if (body !== undefined) return { method: COLUMN, body }
  }
  const mayPack = !short && canonical.length <= LONGEST_UNPACKED
  const frame = mayPack ? zstd.compress(canonical, level) : undefined
  return frame === undefined ? { method: RAW, body: canonical } : { method: ZSTD, body: frame }
}

/** The difference of canonical bytes to those of another object of the kind, where there is one. */
export async function encodeDifference(
  kind: ObjectKind,
  canonical: Uint8Array,
  base: Uint8Array,
  level: number,
): Promise<EncodedBody | undefined> {
  const delta = encodeDelta(kind, canonical, base, level, await loadZstd())
  return delta && { method: deltaMethods[delta.form], body: delta.body }
}

/** The canonical bytes that a difference makes of its base. */
export async function decodeDifference(
  kind: ObjectKind,
  method: number,
  body: Uint8Array,
  base: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  return decodeDelta(kind, { form: deltaForms.get(method)!, body }, base, length, await loadZstd())
}

/**
 * The canonical bytes of a record's body. `length` was declared by the record, and is checked
 * against what the body can hold before anything is allocated.
 */
export async function decodeBody(
  method: number,
  body: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  return method === RAW
    ? decodeBodyWith(undefined, method, body, length)
    : decodeBodyWith(await loadZstd(), method, body, length)
}

/**
 * As {@link decodeBody}, at once.
 * @param brief whether the bytes may lie where they last only until the next call that decodes or encodes
 */
export function decodeBodyWith(
  zstd: Zstd | undefined,
  method: number,
  body: Uint8Array,
  length: number,
  brief = false,
): Uint8Array {
  if (method === RAW) {
    if (body.length !== length) {
      throw new VarveError('corrupt-object', `${body.length} bytes where ${length} are declared`)
    }
    return body
  }
  if (zstd !== undefined && method === ZSTD) {
    if (!frameCanHold(body.length, length)) {
      throw new VarveError('corrupt-object', `${body.length} bytes cannot stand for ${length}`)
    }
    return zstd.decompress(body, length)
  }
  if (zstd !== undefined && method === COLUMN) return decodeColumnBody(body, length, zstd, brief)
  throw new VarveError('unsupported-format', `objects of encoding ${method} cannot be read`, {
    hint: 'a newer varve wrote this repository',
    data: { encoding: method },
  })
}
