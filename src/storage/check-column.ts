import { type ColumnFacts, columnFacts } from '../core/column-facts.ts'
import { hasCode } from '../core/errors.ts'
import { hashObject, type Id } from '../core/id.ts'
import { decodeBodyWith, type EncodedBody } from './pack-encoding.ts'
import { wholeRecordSum } from './pack-record.ts'
import type { Zstd } from './zstd.ts'

/** A column as it is stored, whole. */
export interface WholeColumn extends EncodedBody {
  /** Of the canonical bytes. */
  readonly length: number
}

/** What is found out about a column in one pass. */
export interface CheckedColumn {
  readonly id: Id
  /** Undefined where the bytes are not in the one form that a column can have. */
  readonly facts: ColumnFacts | undefined
  /** The checksum that its record has in a pack, where that was asked for. */
  readonly sum?: Uint8Array
}

export interface CheckColumnOptions {
  /** Whether the column is going to be put into a pack as it is. */
  readonly withSum: boolean
}

/**
 * Decodes, hashes and looks through a column, whose bytes need not last; `corrupt-object` where its body cannot be
 * decoded.
 */
export function checkColumn(
  zstd: Zstd,
  { method, body, length }: WholeColumn,
  { withSum }: CheckColumnOptions,
): CheckedColumn {
  const canonical = decodeBodyWith(zstd, method, body, length, true)
  const id = hashObject('column', canonical)
  const facts = factsOf(canonical)
  if (!withSum) return { id, facts }
  return { id, facts, sum: wholeRecordSum({ id, kind: 'column', method, length, body }) }
}

function factsOf(canonical: Uint8Array): ColumnFacts | undefined {
  try {
    return columnFacts(canonical)
  } catch (error) {
    // Whoever looks at what names it says what is wrong.
    if (hasCode(error, 'corrupt-object') || hasCode(error, 'bad-input')) return undefined
    throw error
  }
}
