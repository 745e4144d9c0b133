import type { ColumnType } from '../../core/column.ts'
import type { Schema } from '../../core/schema.ts'
import { orderedSchema } from '../../core/schema-codec.ts'
import { badInput, quoteText } from '../bad-input.ts'

/** The file that says what the series of a collection are made of. */
export const LAKOTA_SCHEMA_FILE = '_schema.json'

/** What the series of a collection of Lakota's are made of. */
export interface LakotaSchema {
  readonly schema: Schema
  /** Columns of text that numpy holds without nulls: nothing is the empty string there. */
  readonly texts: ReadonlySet<string>
}

/** Names of numpy's types, without a mark for the order of bytes. */
const TYPES: ReadonlyMap<string, ColumnType> = new Map([
  ...(['bool', 'int8', 'int16', 'int32', 'int64'] as const).map((type) => [type, type] as const),
  ...(['uint8', 'uint16', 'uint32', 'uint64'] as const).map((type) => [type, type] as const),
  ['float16', 'float32'],
  ['float32', 'float32'],
  ['float64', 'float64'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['i4', 'int32'],
  ['i8', 'int64'],
  ['u1', 'uint8'],
  ['u2', 'uint16'],
  ['u4', 'uint32'],
  ['u8', 'uint64'],
  ['f2', 'float32'],
  ['f4', 'float32'],
  ['f8', 'float64'],
  ['object', 'string'],
  ['O', 'string'],
  // Lakota's own words.
  ['int', 'int64'],
  ['float', 'float64'],
  ['str', 'string'],
  ['timestamp', 'timestamp_s'],
  ['date', 'date'],
])

/** Units of numpy's `datetime64[…]`. */
const TIMES: ReadonlyMap<string, ColumnType> = new Map([
  ['D', 'date'],
  ['h', 'timestamp_s'],
  ['m', 'timestamp_s'],
  ['s', 'timestamp_s'],
  ['ms', 'timestamp_ms'],
  ['us', 'timestamp_us'],
  ['ns', 'timestamp_ns'],
])

/**
 * Reads a `_schema.json` as Lakota writes it:
 * `{"kind": null, "columns": {"timestamp": {"dt": "datetime64[s]", "codecs": […], "idx": true}, …}}`.
 * The kind says how Lakota writes to a series, the codecs how it stores one: neither is of its rows.
 * `bad-input` with what is wrong.
 *
 * @param duplicates whether rows of a series may have equal keys
 */
export function parseLakotaSchema(text: string, file: string, duplicates: boolean): LakotaSchema {
  const whole = recordOf(parse(text, file), 'the schema', file)
  const columns = recordOf(whole.get('columns'), 'columns', file)
  const index: string[] = []
  const texts = new Set<string>()
  const specs = [...columns].map(([name, value]) => {
    const column = recordOf(value, `column ${quoteText(name)}`, file)
    const [dt, idx] = [column.get('dt'), column.get('idx')]
    if (typeof dt !== 'string' || (idx !== undefined && typeof idx !== 'boolean')) {
      throw notSo(file, `column ${quoteText(name)} without dt and idx`)
    }
    if (idx === true) index.push(name)
    if (isText(dt)) texts.add(name)
    const type = typeOf(dt)
    if (type !== undefined) return { name, type }
    throw badInput({
      file,
      found: `${quoteText(dt)} as the type of ${quoteText(name)}`,
      expected: 'a type that a series can have',
      data: { field: name, type: dt },
    })
  })
  if (index.length === 0) throw notSo(file, 'no index column')
  return { schema: orderedSchema(specs, index, duplicates), texts }
}

const TEXT = /^[<>=|]?(?:U\d*|str)$/

function isText(dt: string): boolean {
  return TEXT.test(dt)
}

function typeOf(dt: string): ColumnType | undefined {
  if (isText(dt)) return 'string'
  const plain = dt.replace(/^[<>=|]/, '')
  const unit = /^(?:datetime64|M8)\[(\w+)\]$/.exec(plain)?.[1]
  return unit === undefined ? TYPES.get(plain) : TIMES.get(unit)
}

const KEYS_AND_TEXTS = /("(?:[^"\\]|\\.)*")(\s*:)?/g

/** Parses JSON, with a mark in front of each key: whole numbers would come before other keys. */
function parse(text: string, file: string): unknown {
  const marked = text.replace(KEYS_AND_TEXTS, (whole, quoted: string, colon?: string) =>
    colon === undefined ? whole : `":${quoted.slice(1)}${colon}`,
  )
  try {
    return JSON.parse(marked)
  } catch (cause) {
    throw badInput({ file, found: 'no JSON', expected: 'a schema of Lakota’s', cause })
  }
}

/** What is in an object under which key, in the order of the text. */
function recordOf(value: unknown, what: string, file: string): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map(Object.entries(value).map(([key, of]) => [key.slice(1), of]))
  }
  throw notSo(file, `${what} that ${what === 'columns' ? 'are' : 'is'} no object`)
}

function notSo(file: string, found: string) {
  return badInput({ file, found, expected: 'a schema of Lakota’s' })
}
