import type { Column, ColumnType } from './column.ts'
import { decodeColumn } from './column-codec.ts'
import { halvesOf } from './column-layout.ts'
import { sliceColumn } from './column-ops.ts'
import { encodeKeys } from './key-encode.ts'

/** What a series asks of a column that was read and has the one form that it can have. */
export interface ColumnFacts {
  readonly type: ColumnType
  readonly rows: number
  /** Of the canonical bytes. */
  readonly bytes: number
  /** Of its values as keys; only where those are 64-bit integers or times, none of them null, and never descend. */
  readonly keys: KeyFacts | undefined
}

/** Keys in order. */
export interface KeyFacts {
  /** The first and the last, in hex. */
  readonly first: string
  readonly last: string
  /** Whether each is greater than the one before it. */
  readonly ascends: boolean
  /** How many at the end are equal. */
  readonly tail: number
}

const keyTypes: ReadonlySet<ColumnType> = new Set([
  'int64',
  'uint64',
  'timestamp_s',
  'timestamp_ms',
  'timestamp_us',
  'timestamp_ns',
])

/** Reads and checks canonical bytes; `corrupt-object` where they are not those of a column. */
export function columnFacts(canonical: Uint8Array): ColumnFacts {
  const column = decodeColumn(canonical)
  const { type, length: rows } = column
  return { type, rows, bytes: canonical.length, keys: keyFacts(column) }
}

function keyFacts(column: Column): KeyFacts | undefined {
  const { type, length, validity, values } = column
  if (!keyTypes.has(type) || validity !== undefined || length === 0) return undefined
  const keys = encodeKeys([column])
  const ascends = keys.firstNotAscending() === length
  if (!ascends && keys.firstDescending() !== length) return undefined
  const [first, last] = [0, length - 1].map((row) =>
    hexOf(encodeKeys([sliceColumn(column, row, row + 1)]).at(0)),
  )
  return { first: first!, last: last!, ascends, tail: ascends ? 1 : tailOf(halvesOf(values)) }
}

/** How many 64-bit values at the end are equal. */
function tailOf(halves: Uint32Array): number {
  const low = halves.at(-2)
  const high = halves.at(-1)
  let at = halves.length - 2
  while (at > 0 && halves[at - 2] === low && halves[at - 1] === high) at -= 2
  return (halves.length - at) / 2
}

/** As in {@link KeyFacts}. */
export function hexOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('hex')
}
