import { Buffer } from 'node:buffer'
import { type Column, isBytesType, isNull, isTimestampType } from '../../core/column.ts'
import { scalarAt } from '../../core/column-ops.ts'
import { escapeJson } from '../../core/json-text.ts'
import { formatScalar } from '../../core/scalar-text.ts'
import type { Frame, Schema } from '../../core/schema.ts'
import { openZoneUnlessUtc, type Zone } from '../../core/zone.ts'
import { cellWriter, FIXED_CELL_BYTES } from '../csv/format-cells.ts'
import type { WriteTableOptions } from '../table.ts'

const CHUNK_BYTES = 256 * 1024
const QUOTE = 0x22
const NULL = Buffer.from('null')
const NOTHING_SPECIAL = new Uint8Array(256)

/**
 * Writes frames as an object a line: numbers up to 32 bits and floats as numbers, `NaN` and the
 * infinities as texts, all else as the text of `formatScalar`; null as null. `readNdjson` reads it
 * back to the same values. The chunks are the caller's to keep.
 */
export async function* writeNdjson(
  schema: Schema,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  options: WriteTableOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const zone = await openZoneUnlessUtc(options.zone)
  const heads = schema.columns.map(({ name }, at) =>
    Buffer.from(escapeJson(`${at === 0 ? '{' : ','}${JSON.stringify(name)}:`)),
  )
  const sink = new LineSink(heads)
  for await (const frame of frames) yield* sink.rows(frame, zone)
  yield* sink.rest()
}

/** Writes the value of a row at `at`, which there is room for, and returns the place behind it. */
type ValueWriter = (target: Buffer, at: number, row: number) => number

class LineSink {
  readonly #heads: readonly Buffer[]
  readonly #headBytes: number
  #target = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #at = 0

  constructor(heads: readonly Buffer[]) {
    this.#heads = heads
    this.#headBytes = heads.reduce((sum, head) => sum + head.length, 2)
  }

  *rows({ columns, rows }: Frame, zone: Zone | undefined): Generator<Uint8Array, void, void> {
    const writers = columns.map((column) => valueWriter(column, zone))
    const room = this.#headBytes + columns.length * (FIXED_CELL_BYTES + 2)
    for (let row = 0; row < rows; row++) {
      yield* this.#room(room)
      for (const [i, column] of columns.entries()) {
        const head = this.#heads[i]!
        this.#target.set(head, this.#at)
        this.#at += head.length
        if (isNull(column, row)) {
          this.#target.set(NULL, this.#at)
          this.#at += NULL.length
        } else if (isBytesType(column.type)) {
          const text = Buffer.from(textAt(column, row))
          // Behind it, what there was room for before.
          yield* this.#room(text.length + room)
          this.#target.set(text, this.#at)
          this.#at += text.length
        } else this.#at = writers[i]!(this.#target, this.#at, row)
      }
      this.#target[this.#at++] = 0x7d
      this.#target[this.#at++] = 0x0a
    }
  }

  *rest(): Generator<Uint8Array, void, void> {
    if (this.#at > 0) yield this.#target.subarray(0, this.#at)
    this.#at = 0
  }

  /** Makes room for so many bytes, by handing out the chunk where it has too little. */
  *#room(bytes: number): Generator<Uint8Array, void, void> {
    if (this.#at + bytes <= this.#target.length) return
    yield* this.rest()
    this.#target = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes))
  }
}

function textAt(column: Column, row: number): string {
  return escapeJson(JSON.stringify(formatScalar(scalarAt(column, row), column.type)))
}

/** The writer of the values of a column that have one length. */
function valueWriter(column: Column, zone: Zone | undefined): ValueWriter {
  const { type, values } = column
  const bare = cellWriter(column, NOTHING_SPECIAL, zone)
  const quoted: ValueWriter = (target, at, row) => {
    target[at] = QUOTE
    const end = bare(target, at + 1, row)
    target[end] = QUOTE
    return end + 1
  }
  if (type === 'float64' || type === 'float32') {
    const floats = values as Float64Array
    return (target, at, row) =>
      Number.isFinite(floats[row]) ? bare(target, at, row) : quoted(target, at, row)
  }
  const isText = type === 'int64' || type === 'uint64' || type === 'date' || isTimestampType(type)
  return isText ? quoted : bare
}
