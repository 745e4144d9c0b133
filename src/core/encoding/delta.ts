import { VarveError } from '../errors.ts'
import type { ObjectKind } from '../id.ts'
import type { Compressor } from './compressor.ts'
import { decodeBytesDelta, encodeBytesDelta } from './delta-bytes.ts'
import { decodeFactorDelta, encodeFactorDelta } from './delta-factor.ts'
import { columnsOf, decodeRowsDelta, encodeRowsDelta } from './delta-rows.ts'
import { withLengths, withOffsets } from './delta-text.ts'
import { frameCanHold } from './frame-bound.ts'

// The difference between an object's canonical bytes and those of another of its kind, its base
// (docs/format/delta.md). It depends on both their canonical bytes and on nothing else: how the base is
// stored is its own affair.

/**
 * - `rows`: of two columns of one type, by rows;
 * - `bytes`: of anything else, by bytes;
 * - `dictionary`: a zstd frame whose dictionary is the base;
 * - `factor`: of two columns of doubles, the one the other times a number.
 */
export type DeltaForm = 'rows' | 'bytes' | 'dictionary' | 'factor'

export interface Delta {
  readonly form: DeltaForm
  readonly body: Uint8Array
}

/** A shorter difference is not worth asking zstd about. */
const WORTH_COMPRESSING = 192
/** Of canonical bytes, of both: a reader must hold them, and what is made of them. */
const MAX_LENGTH = 1 << 24

/**
 * A difference of `canonical` to `base`, the shorter of those that there are; undefined where they
 * have too little in common. The same bytes give the same difference.
 */
export function encodeDelta(
  kind: ObjectKind,
  canonical: Uint8Array,
  base: Uint8Array,
  level: number,
  zstd: Compressor,
): Delta | undefined {
  if (canonical.length > MAX_LENGTH || base.length > MAX_LENGTH) return undefined
  const isColumn = kind === 'column'
  const first = isColumn
    ? ofColumns(canonical, base, level, zstd)
    : ofBytes(encodeBytesDelta(canonical, base, kind === 'commit' || kind === 'tag'))
  if (first !== undefined && first.body.length < WORTH_COMPRESSING) return first
  const plain = isColumn ? withLengths(canonical) : canonical
  // Of numbers, and of what refers to other objects, zstd finds nothing that was not found.
  if (isColumn ? plain === canonical : kind !== 'blob') return first
  const frame = zstd.compressWith(dictionaryOf(isColumn, base), plain, level)
  if (frame === undefined || (first !== undefined && first.body.length <= frame.length))
    return first
  return { form: 'dictionary', body: frame }
}

function ofColumns(
  canonical: Uint8Array,
  base: Uint8Array,
  level: number,
  zstd: Compressor,
): Delta | undefined {
  const columns = columnsOf(canonical, base)
  if (columns === undefined) return undefined
  const factor = encodeFactorDelta(...columns)
  if (factor !== undefined && factor.length < WORTH_COMPRESSING) {
    return { form: 'factor', body: factor }
  }
  const rows = encodeRowsDelta(...columns, level, zstd)
  if (factor !== undefined && (rows === undefined || factor.length < rows.length)) {
    return { form: 'factor', body: factor }
  }
  return rows && { form: 'rows', body: rows }
}

function ofBytes(body: Uint8Array | undefined): Delta | undefined {
  return body && { form: 'bytes', body }
}

/** The byte in front keeps zstd from taking the rest for a dictionary of its own kind. */
function dictionaryOf(isColumn: boolean, base: Uint8Array): Uint8Array {
  const content = isColumn ? withLengths(base) : base
  const dictionary = new Uint8Array(content.length + 1)
  dictionary.set(content, 1)
  return dictionary
}

/**
 * The canonical bytes that a difference makes of those of its base; `corrupt-object` where it is no
 * difference to this base, or makes another number of bytes than `length`.
 */
export function decodeDelta(
  kind: ObjectKind,
  { form, body }: Delta,
  base: Uint8Array,
  length: number,
  zstd: Compressor,
): Uint8Array {
  if (length > MAX_LENGTH || base.length > MAX_LENGTH) {
    throw new VarveError('corrupt-object', 'a difference between objects that are too long')
  }
  switch (form) {
    case 'rows':
      return decodeRowsDelta(body, base, length, zstd)
    case 'bytes':
      return decodeBytesDelta(body, base, length)
    case 'factor':
      return decodeFactorDelta(body, base, length)
    case 'dictionary': {
      const isColumn = kind === 'column'
      if (!frameCanHold(body.length, length)) {
        throw new VarveError('corrupt-object', `${body.length} bytes cannot stand for ${length}`)
      }
      const bytes = zstd.decompressWith(dictionaryOf(isColumn, base), body, length)
      return isColumn ? withOffsets(bytes) : bytes
    }
  }
}
