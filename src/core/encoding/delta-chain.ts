import { ByteReader } from '../bytes.ts'
import type { Column, ValueArray } from '../column.ts'
import { canonicalLength, decodeColumnOnce, encodeColumn } from '../column-codec.ts'
import { canonicalColumn, newValues, valueWidth } from '../column-layout.ts'
import { VarveError } from '../errors.ts'
import type { Compressor } from './compressor.ts'
import { type Operations, readOperations } from './delta-operations.ts'
import { NONE, type RowPlaces, rowPlaces } from './delta-places.ts'
import { decodeRows } from './delta-put.ts'

// Differences of columns that follow one another are put together before a column is made of them: each costs what
// it says, and only the last one as many rows as there are.

/** Rows side by side in a column: of the base, or put in by one of the differences. */
interface Piece {
  readonly values: ValueArray
  readonly from: number
  readonly rows: number
}

/** In more pieces than this a column is better made. */
const MAX_PIECES = 1024
const MAX_ROWS = 1 << 20
const MAX_LENGTH = 1 << 24

/** A difference of columns, and the length of the canonical bytes that it makes. */
export interface ChainLink {
  readonly body: Uint8Array
  readonly length: number
}

/**
 * The canonical bytes that differences make one of another, the first of them of `base`; undefined where
 * they have to be made one by one, as they hold nulls or texts, or are too many. `corrupt-object` as
 * {@link decodeRowsDelta}.
 */
export function decodeRowsChain(
  links: readonly ChainLink[],
  base: Uint8Array,
  zstd: Compressor,
): Uint8Array | undefined {
  if (base.length > MAX_LENGTH) return undefined
  const { type, length: rows, values, validity } = decodeColumnOnce(base, { maxRows: MAX_ROWS })
  if (valueWidth(type) === 0 || validity !== undefined) return undefined
  const pieces = new Pieces(type, values, rows)
  for (const link of links) if (!pieces.apply(link, zstd)) return undefined
  return encodeColumn(pieces.column())
}

/** A column of a fixed width, without nulls, that is in pieces. */
class Pieces {
  readonly #type: Column['type']
  #rows: number
  #pieces: readonly Piece[]

  constructor(type: Column['type'], values: ValueArray, rows: number) {
    this.#type = type
    this.#rows = rows
    this.#pieces = rows === 0 ? [] : [{ values, from: 0, rows }]
  }

  /** False where that cannot be done in pieces. */
  apply({ body, length }: ChainLink, zstd: Compressor): boolean {
    const reader = new ByteReader(body)
    const operations = readOperations(reader, this.#rows, MAX_ROWS)
    const { list, put, rest } = operations
    let rows = rest + put
    for (const { kept } of list) rows += kept
    if (rows > MAX_ROWS || length > MAX_LENGTH) throw corrupt('too many rows')
    let values: ValueArray | undefined
    if (put > 0) {
      const places = rowPlaces(list, put)
      const fresh = decodeRows(reader, this.#origins(places), places, length, zstd)
      if (fresh.validity !== undefined) return false
      values = fresh.values
    }
    reader.expectEnd()
    const shape = { type: this.#type, length: rows, values: values ?? newValues(this.#type, 0) }
    if (canonicalLength(shape) !== length) throw corrupt('another length')
    this.#pieces = this.#changed(operations, values)
    this.#rows = rows
    return this.#pieces.length <= MAX_PIECES
  }

  column(): Column {
    return canonicalColumn(this.#type, this.#rows, (target) => {
      let at = 0
      for (const { values, from, rows } of this.#pieces) {
        // Both are arrays of the column's type.
        target.set(values.subarray(from, from + rows) as never, at)
        at += rows
      }
    })
  }

  /** The rows that those put in come from, as a column of their own: `places` leads to them from then on. */
  #origins({ replaced, before, beforeThat }: RowPlaces): Column {
    const wanted = [replaced, before, beforeThat]
    const needed = new Set<number>()
    for (const places of wanted) {
      for (const place of places) if (place >= 0 && place !== NONE) needed.add(place)
    }
    const sorted = Int32Array.from(needed).sort()
    const values = newValues(this.#type, sorted.length)
    const numbers = new Map<number, number>()
    let piece = 0
    let start = 0
    for (const [number, row] of sorted.entries()) {
      while (row >= start + this.#pieces[piece]!.rows) start += this.#pieces[piece++]!.rows
      const { values: source, from } = this.#pieces[piece]!
      values[number] = source[from + row - start]!
      numbers.set(row, number)
    }
    for (const places of wanted) {
      for (let i = 0; i < places.length; i++) places[i] = numbers.get(places[i]!) ?? places[i]!
    }
    return { type: this.#type, length: sorted.length, values }
  }

  #changed({ list, rest }: Operations, put: ValueArray | undefined): Piece[] {
    const pieces: Piece[] = []
    let index = 0
    let within = 0
    let number = 0
    const pass = (rows: number, isKept: boolean): void => {
      for (let left = rows; left > 0; ) {
        const piece = this.#pieces[index]!
        const count = Math.min(left, piece.rows - within)
        if (isKept) pieces.push({ values: piece.values, from: piece.from + within, rows: count })
        left -= count
        within += count
        if (within === piece.rows) {
          index++
          within = 0
        }
      }
    }
    for (const operation of list) {
      pass(operation.kept, true)
      pass(operation.left, false)
      if (operation.put > 0) pieces.push({ values: put!, from: number, rows: operation.put })
      number += operation.put
    }
    pass(rest, true)
    return pieces
  }
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `a difference of columns is wrong: ${reason}`)
}
