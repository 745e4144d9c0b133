import { VarveError } from '../core/errors.ts'
import { decodeKey, type Keys } from '../core/key.ts'
import { escapeControl } from '../core/names.ts'
import { formatScalar } from '../core/scalar-text.ts'
import type { Schema } from '../core/schema.ts'
import type { Spill } from '../core/spill.ts'
import type { Zone } from '../core/zone.ts'
import { equalKeysHint, tellingApart } from './equal-keys-hint.ts'
import { mergeRuns, type Run, RunWriter } from './sorted-runs.ts'
import type { SourceFrame } from './source-frame.ts'
import {
  frameBytes,
  joinSourceFrames,
  keysOf,
  placeOfRow,
  takeSourceFrame,
} from './source-frame.ts'

const MEMORY_BYTES = 32 * 1024 * 1024
const FRAME_ROWS = 16_384

export interface SortOptions {
  /** Whether the caller knows the rows to be in order: nothing waits then, and all is checked. */
  readonly sorted?: boolean | undefined
  /** Bytes of rows held at most before they go to the spill; 32 MiB when not given. */
  readonly memoryLimit?: number | undefined
  /** Where sorted runs of rows wait; without one everything stays in memory. */
  readonly spill?: Spill | undefined
  /** The zone that messages show times of keys in; UTC unless given. */
  readonly zone?: Zone | undefined
  /** Whether the rows are for a series that is there: hints do not offer another index for it. */
  readonly isKnown?: boolean | undefined
}

/**
 * The rows of frames in the order of their keys; rows with equal keys keep their order. Rows that
 * come in order are handed on as they are. Needs about three times the memory limit. `bad-input`,
 * naming both lines where frames know them, for equal keys where the schema does not allow any.
 */
export async function* sortFrames(
  frames: AsyncIterable<SourceFrame> | Iterable<SourceFrame>,
  schema: Schema,
  options: SortOptions = {},
): AsyncGenerator<SourceFrame, void, void> {
  const guard = new OrderGuard(schema, options)
  const ordered = options.sorted === true ? frames : inOrder(frames, options)
  for await (const frame of ordered) {
    if (frame.rows === 0) continue
    guard.check(frame)
    yield frame
  }
}

async function* inOrder(
  frames: AsyncIterable<SourceFrame> | Iterable<SourceFrame>,
  options: SortOptions,
): AsyncGenerator<SourceFrame, void, void> {
  const { memoryLimit = MEMORY_BYTES, spill } = options
  let waiting = new Batch()
  const runs: Run[] = []
  let writer: RunWriter | undefined
  try {
    for await (const frame of frames) {
      waiting.add(frame)
      if (writer === undefined && waiting.isBelow(frame.floor)) {
        yield* waiting.sorted()
        waiting = new Batch()
        continue
      }
      if (spill === undefined || waiting.bytes < memoryLimit) continue
      writer ??= new RunWriter(await spill.create())
      runs.push(await writer.write(waiting.sorted()))
      waiting = new Batch()
    }
    if (writer === undefined) {
      yield* waiting.sorted()
      return
    }
    if (waiting.bytes > 0) runs.push(await writer.write(waiting.sorted()))
    waiting = new Batch()
    yield* mergeRuns(writer, runs)
  } finally {
    await writer?.discard()
  }
}

/** Frames that are sorted together, in memory. */
class Batch {
  bytes = 0
  #frames: SourceFrame[] = []
  #ascending = true
  #lastKeys: Keys | undefined

  add(frame: SourceFrame): void {
    if (frame.rows === 0) return
    this.#frames.push(frame)
    this.bytes += frameBytes(frame)
    if (!this.#ascending) return
    const keys = keysOf(frame)
    const last = this.#lastKeys
    const follows = last === undefined || last.compare(last.length - 1, keys, 0) <= 0
    this.#ascending = follows && keys.firstDescending() === keys.length
    this.#lastKeys = keys
  }

  /** Whether its rows are in order and all before a key. */
  isBelow(key: Uint8Array | undefined): boolean {
    const last = this.#lastKeys
    if (key === undefined || last === undefined || !this.#ascending) return false
    return last.compareTo(last.length - 1, key) < 0
  }

  /** The rows in order; the batch is empty afterwards. */
  *sorted(): Generator<SourceFrame, void, void> {
    const frames = this.#frames
    this.#frames = []
    this.#lastKeys = undefined
    if (this.#ascending) {
      yield* frames
      return
    }
    const whole = joinSourceFrames(frames)
    frames.length = 0
    const order = keysOf(whole).order()
    for (let from = 0; from < order.length; from += FRAME_ROWS) {
      yield takeSourceFrame(whole, order.subarray(from, from + FRAME_ROWS))
    }
  }
}

/** Checks that keys ascend from row to row and from frame to frame. */
class OrderGuard {
  readonly #schema: Schema
  readonly #zone: Zone | undefined
  readonly #isKnown: boolean | undefined
  #last: { frame: SourceFrame; keys: Keys } | undefined

  constructor(schema: Schema, { zone, isKnown }: SortOptions) {
    this.#schema = schema
    this.#zone = zone
    this.#isKnown = isKnown
  }

  check(frame: SourceFrame): void {
    const keys = keysOf(frame)
    const last = this.#last
    const least = this.#schema.duplicates ? 0 : 1
    if (last !== undefined) {
      const row = last.keys.length - 1
      if (keys.compare(0, last.keys, row) < least) {
        throw this.#fault(last.frame, row, last.keys, frame, 0, keys)
      }
    }
    const row = least === 0 ? keys.firstDescending() : keys.firstNotAscending()
    if (row < keys.length) throw this.#fault(frame, row - 1, keys, frame, row, keys)
    this.#last = { frame, keys }
  }

  #fault(
    before: SourceFrame,
    beforeRow: number,
    beforeKeys: Keys,
    frame: SourceFrame,
    row: number,
    keys: Keys,
  ): VarveError {
    const equal = keys.compare(row, beforeKeys, beforeRow) === 0
    const text = this.#textOf(keys.at(row))
    const place = placeOfRow(frame, row)
    const other = placeOfRow(before, beforeRow)
    const expected = equal ? 'keys that differ' : 'rows in the order of their keys'
    const found = equal
      ? `a second ${text}`
      : `${text} after ${this.#textOf(beforeKeys.at(beforeRow))}`
    const where = place === undefined ? '' : `${place.text}: `
    const first =
      other === undefined
        ? ''
        : other.data.row === undefined
          ? ` (the other is on line ${other.data.line})`
          : ` (the other is row ${other.data.row})`
    const index = equal
      ? tellingApart({ frame: before, row: beforeRow }, { frame, row })
      : undefined
    return new VarveError('bad-input', `${where}expected ${expected}, found ${found}${first}`, {
      data: {
        ...place?.data,
        ...(other?.data.line !== undefined && { firstLine: other.data.line }),
        ...(other?.data.row !== undefined && { firstRow: other.data.row }),
        found,
        expected,
        ...(index !== undefined && { tellApart: index }),
      },
      ...(equal && { hint: equalKeysHint(index, this.#isKnown) }),
    })
  }

  #textOf(key: Uint8Array): string {
    const { columns, indexCount } = this.#schema
    const types = columns.slice(0, indexCount).map((column) => column.type)
    const { values } = decodeKey(key, types, false)
    const text = values.map((value, i) => formatScalar(value, types[i]!, this.#zone)).join(', ')
    return escapeControl(text.length > 120 ? `${text.slice(0, 117)}…` : text)
  }
}
