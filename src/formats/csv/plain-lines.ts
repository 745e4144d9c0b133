import type { Column, ColumnType } from '../../core/column.ts'
import { isNull, isTimestampType } from '../../core/column.ts'
import { type Kernels, kernelsFor } from '../../core/encoding/kernels.ts'
import { formatFloat64 } from '../../core/scalar-text.ts'
import { fractionDigits } from '../../core/time.ts'
import type { Zone } from '../../core/zone.ts'

/** Bytes in which a cell of a number or a time is written. */
const SLOT = 32
/** So many cells are written before they are put together: what fits into the processor's caches. */
const BLOCK_CELLS = 2048
const MOST_ROWS = 1024
/** Lines that take more room are written cell by cell. */
const MOST_BYTES = 1 << 19
/** Each column takes arrays of its own, some of them with room to spare. */
const MOST_COLUMNS = 1000
const COLON = 0x3a

/** Where the cells of a block of one column are to be noted. */
interface Block {
  readonly kernels: Kernels
  readonly from: number
  readonly rows: number
  readonly slots: number
  readonly places: number
  readonly lengths: number
}

/** Writes the cells of a block; false where one of them is not for the kernels. */
type BlockWriter = (block: Block) => boolean

/**
 * Lines of those tables that most are: of times in UTC, numbers and texts of which none has to be in quotes. A block of
 * lines is written at a time, as {@link cellWriter} would write its cells.
 */
export class PlainLines {
  /** Rows of a block. */
  readonly rows: number
  readonly #columns: readonly Column[]
  readonly #writers: readonly (readonly [at: number, write: BlockWriter])[]

  private constructor(columns: readonly Column[], writers: readonly BlockWriter[]) {
    this.#columns = columns
    // Texts first: where they have to be in quotes, nothing else was done in vain.
    const order = [...writers.entries()]
    const isText = ([at]: readonly [number, BlockWriter]) => columns[at]!.offsets !== undefined
    this.#writers = [...order.filter(isText), ...order.filter((entry) => !isText(entry))]
    this.rows = Math.max(1, Math.min(MOST_ROWS, Math.floor(BLOCK_CELLS / columns.length)))
  }

  /** Undefined where columns are of other kinds. `special` marks the bytes for which a text is put in quotes. */
  static of(
    columns: readonly Column[],
    special: Uint8Array,
    zone: Zone | undefined,
  ): PlainLines | undefined {
    const { length: width } = columns
    if (special[COLON] !== 0 || width === 0 || width > MOST_COLUMNS) return undefined
    const writers: BlockWriter[] = []
    for (const column of columns) {
      const writer = blockWriter(column, special, zone)
      if (writer === undefined) return undefined
      writers.push(writer)
    }
    return new PlainLines(columns, writers)
  }

  /** The most bytes that the lines of some rows take; undefined where that is more than is written at once. */
  roomFor(from: number, to: number): number | undefined {
    let room = (to - from) * (this.#columns.length * (SLOT + 1) + 2)
    for (const { offsets } of this.#columns) {
      if (offsets !== undefined) room += offsets[to]! - offsets[from]!
    }
    return room > MOST_BYTES ? undefined : room
  }

  /**
   * The lines of some rows, which are gone when anything else is encoded or decoded; undefined where a cell among
   * them is not for the kernels.
   *
   * @param room as {@link roomFor} says
   */
  write(
    from: number,
    to: number,
    room: number,
    delimiter: number,
    lineEnd: readonly number[],
  ): Uint8Array | undefined {
    const rows = to - from
    const width = this.#columns.length
    const cells = rows * width
    // Places, lengths, slots, values and numbers of exceptions; texts once more.
    const kernels = kernelsFor(0, 2 * room + cells * (8 + SLOT + 12))
    const places = kernels.words(cells)
    const lengths = kernels.words(cells)
    for (const [at, write] of this.#writers) {
      const slots = kernels.bytes(rows * SLOT).byteOffset
      const own = 4 * at * rows
      const block = {
        kernels,
        from,
        rows,
        slots,
        places: places.byteOffset + own,
        lengths: lengths.byteOffset + own,
      }
      if (!write(block)) return undefined
      const column = this.#columns[at]!
      if (column.validity === undefined) continue
      for (let row = 0; row < rows; row++) {
        if (isNull(column, from + row)) lengths[at * rows + row] = 0
      }
    }
    const target = kernels.bytes(room + SLOT)
    const length = kernels.run.joinLines(
      places.byteOffset,
      lengths.byteOffset,
      width,
      rows,
      delimiter,
      lineEnd[0]! | ((lineEnd[1] ?? 0) << 8),
      target.byteOffset,
    )
    return target.subarray(0, length)
  }
}

function blockWriter(
  column: Column,
  special: Uint8Array,
  zone: Zone | undefined,
): BlockWriter | undefined {
  const { type, values } = column
  if (isTimestampType(type)) {
    if (zone !== undefined) return undefined
    const digits = fractionDigits[type]
    return (block) => {
      const source = copied(block, values as BigInt64Array)
      return (
        block.kernels.run.writeTimes(source, block.rows, digits, ...placed(block)) === block.rows
      )
    }
  }
  switch (type) {
    case 'float64':
      return doublesWriter(values as Float64Array)
    case 'date':
      return (block) => {
        const source = copied(block, values as Int32Array)
        return block.kernels.run.writeDates(source, block.rows, ...placed(block)) === block.rows
      }
    case 'int64':
      return (block) => {
        const source = copied(block, values as BigInt64Array)
        block.kernels.run.writeIntegers(source, block.rows, ...placed(block))
        return true
      }
    case 'string':
      return textsWriter(column, special)
    default:
      return isSmallInteger(type) ? doublesWriter(values as Int32Array) : undefined
  }
}

function isSmallInteger(type: ColumnType): boolean {
  return /^u?int(8|16|32)$/.test(type)
}

function placed({ slots, places, lengths }: Block): [number, number, number] {
  return [slots, places, lengths]
}

function copied({ kernels, from, rows }: Block, values: BigInt64Array | Int32Array): number {
  const { buffer, byteOffset, BYTES_PER_ELEMENT: width } = values
  return kernels.copyOf(new Uint8Array(buffer, byteOffset + from * width, rows * width)).byteOffset
}

function doublesWriter(values: Float64Array | Int32Array): BlockWriter {
  return (block) => {
    const { kernels, from, rows } = block
    const source = kernels.doubles(rows)
    source.set(values.subarray(from, from + rows))
    const exceptions = kernels.words(rows)
    const lengths = new Uint32Array(source.buffer, block.lengths, rows)
    const slots = new Uint8Array(source.buffer, block.slots, rows * SLOT)
    const found = kernels.run.writeDoubles(
      source.byteOffset,
      rows,
      ...placed(block),
      exceptions.byteOffset,
    )
    for (const row of exceptions.subarray(0, found)) {
      const text = formatFloat64(source[row]!)
      const at = row * SLOT
      for (let i = 0; i < text.length; i++) slots[at + i] = text.charCodeAt(i)
      lengths[row] = text.length
    }
    return true
  }
}

/** Of texts none of which has to be in quotes: no byte of them is special, and none is empty but for nulls. */
function textsWriter(column: Column, special: Uint8Array): BlockWriter {
  const offsets = column.offsets!
  const values = column.values as Uint8Array
  return (block) => {
    const { kernels, from, rows, places, lengths } = block
    const [start, end] = [offsets[from]!, offsets[from + rows]!]
    const bytes = kernels.copyOf(values.subarray(start, end))
    const ends = kernels.words(rows + 1)
    ends.set(offsets.subarray(from, from + rows + 1))
    const marks = kernels.copyOf(special)
    const empty = kernels.run.placeTexts(
      bytes.byteOffset,
      ends.byteOffset,
      rows,
      marks.byteOffset,
      places,
      lengths,
    )
    return empty === nullsIn(column, from, rows)
  }
}

function nullsIn(column: Column, from: number, rows: number): number {
  if (column.validity === undefined) return 0
  let count = 0
  for (let row = from; row < from + rows; row++) if (isNull(column, row)) count++
  return count
}
