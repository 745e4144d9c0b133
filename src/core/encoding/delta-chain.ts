import { ByteReader } from '../bytes.ts'
import type { Column, ValueArray } from '../column.ts'
import { canonicalLength, encodeColumn } from '../column-codec.ts'
import { canonicalColumn, newValues, valueWidth } from '../column-layout.ts'
import { VarveError } from '../errors.ts'
import type { Compressor } from './compressor.ts'
import { type RowFiller, rowFiller } from './delta-fill.ts'
import { type Operation, readOperations } from './delta-operations.ts'

// Differences of columns that follow one another are carried out in one array, where the rows lie: each costs what it
// says, and rows that it leaves alone are moved only where others before them are put in or left out.

const MAX_ROWS = 1 << 20
const MAX_LENGTH = 1 << 24

/** A difference of columns, and the length of the canonical bytes that it makes. */
export interface ChainLink {
  readonly body: Uint8Array
  readonly length: number
}

/**
 * The canonical bytes that differences make one of another, the first of them of `base`, whose values need not outlast
 * that; undefined where they have to be made one by one, as they hold nulls or texts. `corrupt-object` as
 * {@link decodeRowsDelta}.
 */
export function decodeRowsChain(
  links: readonly ChainLink[],
  base: Column,
  zstd: Compressor,
): Uint8Array | undefined {
  const { type, length: rows, values, validity } = base
  const width = valueWidth(type)
  if (width === 0 || validity !== undefined) return undefined
  const empty = emptyLength(type)
  const longest = links.reduce((most, { length }) => Math.max(most, length), empty + rows * width)
  if (rows > MAX_ROWS || longest > MAX_LENGTH) throw corrupt('a column that is too long')
  const room = Math.floor((longest - empty) / width)
  let made: number | undefined
  const column = canonicalColumn(type, room, (target) => {
    target.set(values as never)
    const changing = new ChangingRows(type, target, rows)
    if (links.every((link) => changing.apply(link, zstd))) made = changing.rows
  })
  if (made === undefined) return undefined
  if (made === room) return encodeColumn(column)
  const some = column.values.subarray(0, made)
  return encodeColumn(canonicalColumn(type, made, (target) => target.set(some as never)))
}

/** Of the canonical bytes of a column without rows. */
function emptyLength(type: Column['type']): number {
  return canonicalLength({ type, length: 0, values: newValues(type, 0) })
}

/** Rows of a column of a fixed width, without nulls, that are changed in the array in which they lie. */
class ChangingRows {
  rows: number
  readonly #type: Column['type']
  /** Of rows as many as there are, and room for as many as there are going to be. */
  readonly #values: ValueArray
  /** Of the rows before a change, those that it moves: from where they begin on. */
  #before: ValueArray | undefined

  constructor(type: Column['type'], values: ValueArray, rows: number) {
    this.#type = type
    this.#values = values
    this.rows = rows
  }

  /** False where rows become null. */
  apply({ body, length }: ChainLink, zstd: Compressor): boolean {
    const reader = new ByteReader(body)
    const { list, put, rest } = readOperations(reader, this.rows, MAX_ROWS)
    const fill = put === 0 ? fillNothing : rowFiller(reader, this.#type, put, length, zstd)
    if (fill === undefined) return false
    let rows = rest + put
    for (const { kept } of list) rows += kept
    if (emptyLength(this.#type) + rows * valueWidth(this.#type) !== length) {
      throw corrupt('another length')
    }
    this.#change(list, rest, fill)
    reader.expectEnd()
    this.rows = rows
    return true
  }

  #change(list: readonly Operation[], rest: number, fill: RowFiller): void {
    const target = this.#values
    let base = target
    let at = 0
    let from = 0
    const keep = (rows: number): void => {
      if (base !== target) target.set(base.subarray(from, from + rows) as never, at)
      at += rows
      from += rows
    }
    list.forEach(({ kept, left, put }, i) => {
      keep(kept)
      const isLast = i === list.length - 1 && rest === 0
      if (base === target && left !== put && !isLast) base = this.#copyFrom(at)
      fill({ target, at, count: put, base, from, replacing: Math.min(left, put) })
      at += put
      from += left
    })
    keep(rest)
  }

  /** The rows from one on, in an array in which they stay as they are. */
  #copyFrom(row: number): ValueArray {
    this.#before ??= newValues(this.#type, this.#values.length)
    this.#before.set(this.#values.subarray(row, this.rows) as never, row)
    return this.#before
  }
}

const fillNothing: RowFiller = () => {}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `a difference of columns is wrong: ${reason}`)
}
