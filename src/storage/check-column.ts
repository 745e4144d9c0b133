import { type ColumnFacts, columnFacts } from '../core/column-facts.ts'
import { hasCode } from '../core/errors.ts'
import { hashObject, type Id } from '../core/id.ts'
import { decodeBodyWith, type EncodedBody } from './pack-encoding.ts'
import { loadZstd } from './zstd.ts'

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
}

/** Decodes, hashes and looks through a column; `corrupt-object` where its body cannot be decoded. */
export async function checkColumn({ method, body, length }: WholeColumn): Promise<CheckedColumn> {
  const zstd = await loadZstd()
  // From here on nobody else has a turn: the bytes need not last.
  const canonical = decodeBodyWith(zstd, method, body, length, true)
  return { id: hashObject('column', canonical), facts: factsOf(canonical) }
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
