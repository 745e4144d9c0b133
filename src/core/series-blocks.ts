import { compareBytes } from './bytes.ts'
import type { Column } from './column.ts'
import { nullColumn } from './column-ops.ts'
import { VarveError } from './errors.ts'
import { makeFrame, sliceFrame } from './frame.ts'
import { encodeKeys, type Keys } from './key.ts'
import { escapeControl } from './names.ts'
import { type JsonScalar, scalarToJson } from './scalar-text.ts'
import type { Frame, Schema } from './schema.ts'
import { groupOf, keyValues, rankOf } from './series.ts'
import { SEGMENT_ROWS } from './split.ts'
import type { Zone } from './zone.ts'

/** A frame in which some rows only say that there is to be none of their key. */
export interface PatchFrame extends Frame {
  /** One byte a row: 1 where the row (of duplicates, the whole group) goes; of it the key counts. */
  readonly removed?: Uint8Array | undefined
}

/** Frames in key order, whole or as a stream. */
export type Frames = Iterable<PatchFrame> | AsyncIterable<PatchFrame>

/** Rows that come from outside, with their keys. */
export interface RowBlock {
  readonly rows: number
  readonly keys: Keys
  /** In the order of the series' schema; undefined where the input does not have the column. */
  readonly columns: readonly (Column | undefined)[]
  /** See {@link PatchFrame}. */
  readonly removed?: Uint8Array | undefined
}

export interface RowBlockOptions {
  /**
   * The last key of rows that these follow: `refused` unless they come behind it. Where duplicates
   * are allowed, rows with the same index values continue its ranks.
   */
  readonly after?: Uint8Array | undefined
  readonly blockRows?: number
  /** The zone that messages show times of keys in; UTC unless given. */
  readonly zone?: Zone | undefined
}

/**
 * Frames as blocks of at most `blockRows` rows with encoded keys. Frames may lack value columns.
 * `schema-mismatch` where a column is not of the series, or of another type (an all-null column of
 * type null fits any); `bad-input`, with the key, where rows are not in order or a key repeats.
 */
export async function* rowBlocks(
  schema: Schema,
  frames: Frames,
  options: RowBlockOptions = {},
): AsyncGenerator<RowBlock> {
  const { blockRows = SEGMENT_ROWS } = options
  const places = new Map<Schema, Placement>()
  const order = new KeyOrder(schema, options)
  for await (const frame of frames) {
    let placement = places.get(frame.schema)
    if (placement === undefined) {
      placement = placeColumns(schema, frame.schema)
      // Streams reuse one schema; one that does not must not fill the memory.
      if (places.size > 64) places.clear()
      places.set(frame.schema, placement)
    }
    for (let at = 0; at < frame.rows; at += blockRows) {
      const part = sliceFrame(frame, at, Math.min(at + blockRows, frame.rows))
      const columns = placement.place(part)
      const removed = frame.removed?.subarray(at, at + part.rows)
      yield { rows: part.rows, keys: order.keysOf(columns, part.rows), columns, removed }
    }
  }
}

interface Placement {
  place(frame: Frame): (Column | undefined)[]
}

function placeColumns(schema: Schema, given: Schema): Placement {
  const { columns, indexCount } = schema
  const positions = new Map(columns.map(({ name }, i) => [name, i]))
  const sources = new Array<number | undefined>(columns.length).fill(undefined)
  given.columns.forEach(({ name, type }, source) => {
    const target = positions.get(name)
    if (target === undefined) {
      throw mismatch(`the series has no column ${JSON.stringify(name)}`, { column: name })
    }
    const expected = columns[target]!.type
    if (type !== expected && (type !== 'null' || target < indexCount)) {
      throw mismatch(`column ${JSON.stringify(name)} is ${expected} in the series, not ${type}`, {
        column: name,
        found: type,
        expected,
      })
    }
    if (sources[target] !== undefined) {
      throw mismatch(`column ${JSON.stringify(name)} is there twice`, { column: name })
    }
    sources[target] = source
  })
  const indexSchema: Schema = { ...schema, columns: columns.slice(0, indexCount) }
  for (let i = 0; i < indexCount; i++) {
    if (sources[i] !== undefined) continue
    const { name } = columns[i]!
    throw mismatch(`index column ${JSON.stringify(name)} is missing`, { column: name })
  }
  return {
    place: (frame) => {
      const placed = sources.map((source, i) => {
        if (source === undefined) return undefined
        const column = frame.columns[source]!
        const { type } = columns[i]!
        return column.type === type ? column : nullColumn(type, frame.rows)
      })
      // Index columns hold no null, NaN or −0, whoever made the frame.
      const index = makeFrame(indexSchema, placed.slice(0, indexCount) as Column[])
      return [...index.columns, ...placed.slice(indexCount)]
    },
  }
}

function mismatch(message: string, data: Record<string, unknown>): VarveError {
  return new VarveError('schema-mismatch', message, { data })
}

/** Encodes the keys of one stream of rows, checks their order, gives ranks. */
class KeyOrder {
  readonly #schema: Schema
  #last: Uint8Array | undefined
  #rank = 0
  #rows = 0
  readonly #appends: boolean
  readonly #zone: Zone | undefined

  constructor(schema: Schema, { after, zone }: RowBlockOptions) {
    this.#schema = schema
    this.#zone = zone
    this.#appends = after !== undefined
    if (after === undefined) return
    this.#last = groupOf(schema, after)
    if (schema.duplicates) this.#rank = rankOf(after) + 1
  }

  keysOf(columns: readonly (Column | undefined)[], rows: number): Keys {
    const { duplicates, indexCount } = this.#schema
    const index = columns.slice(0, indexCount) as Column[]
    const keys = encodeKeys(index)
    const first = keys.at(0)
    const order = this.#last === undefined ? -1 : compareBytes(this.#last, first)
    if (order > 0 || (order === 0 && !duplicates)) {
      if (this.#appends && this.#rows === 0) throw this.#notPastEnd(first)
      throw this.#disorder(first, 0, order === 0)
    }
    this.#last = keys.at(rows - 1).slice()
    if (!duplicates) {
      const row = keys.firstNotAscending()
      if (row < rows) {
        throw this.#disorder(keys.at(row), row, keys.compare(row, keys, row - 1) === 0)
      }
      this.#rows += rows
      return keys
    }
    const row = keys.firstDescending()
    if (row < rows) throw this.#disorder(keys.at(row), row, false)
    const ranks = keys.ranks(order === 0 ? this.#rank : 0)
    this.#rank = ranks[rows - 1]! + 1
    this.#rows += rows
    return encodeKeys(index, ranks)
  }

  #disorder(group: Uint8Array, row: number, repeated: boolean): VarveError {
    const { json, text } = this.#describe(group)
    return new VarveError(
      'bad-input',
      repeated ? `the key ${text} is there twice` : `the key ${text} comes after a greater one`,
      { data: { key: json, row: this.#rows + row, duplicate: repeated } },
    )
  }

  #notPastEnd(group: Uint8Array): VarveError {
    const { json, text } = this.#describe(group)
    const end = this.#describe(this.#last!)
    return new VarveError('refused', `the key ${text} is not past the end, ${end.text}`, {
      data: { key: json, last: end.json },
      hint: 'rows that may lie before the end are laid over by an upsert',
    })
  }

  #describe(group: Uint8Array): { json: JsonScalar[]; text: string } {
    const { columns } = this.#schema
    const values = keyValues({ ...this.#schema, duplicates: false }, group)
    const json = values.map((value, i) => scalarToJson(value, columns[i]!.type, this.#zone))
    const text = json.length === 1 ? String(json[0]) : JSON.stringify(json)
    return { json, text: escapeControl(text) }
  }
}
