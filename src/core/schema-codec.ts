import { type ColumnType, columnTypes, isColumnType } from './column.ts'
import { VarveError } from './errors.ts'
import { isIndexType } from './key.ts'
import { checkColumnName } from './names.ts'
import type { ColumnSpec, Schema } from './schema.ts'

/**
 * Checks what types cannot: valid and unique column names, at least one index column, index types.
 * `bad-input` or `invalid-name` otherwise. Returns the schema.
 */
export function checkSchema(schema: Schema): Schema {
  const { columns, indexCount } = schema
  if (columns.length === 0) throw new VarveError('bad-input', 'a schema needs a column')
  if (!Number.isInteger(indexCount) || indexCount < 1 || indexCount > columns.length) {
    throw new VarveError('bad-input', `${indexCount} index columns of ${columns.length}`)
  }
  const seen = new Set<string>()
  for (const { name } of columns) {
    checkColumnName(name)
    if (seen.has(name)) {
      throw new VarveError('bad-input', `two columns are named ${JSON.stringify(name)}`, {
        data: { column: name },
      })
    }
    seen.add(name)
  }
  for (const { name, type } of columns.slice(0, indexCount)) {
    if (!isIndexType(type)) {
      throw new VarveError('bad-input', `${name} cannot be an index column: it is ${type}`, {
        data: { column: name, type },
        hint: 'an index column can be of any type but json and null',
      })
    }
  }
  return schema
}

export interface ParseSchemaOptions {
  /** Names of the index columns, in the order that sorts; the first column where none is given. */
  readonly index?: readonly string[]
  /** Whether rows with equal keys are allowed. */
  readonly duplicates?: boolean
}

/**
 * Reads `name:type` items split by spaces or commas, as `time:timestamp_s temp:float64`. A name
 * with a space, comma or quote in it is written as a JSON string: `"Last Price":float64`. Index
 * columns are put first. `bad-input` where it is not so.
 */
export function parseSchemaText(text: string, options: ParseSchemaOptions = {}): Schema {
  const columns: ColumnSpec[] = []
  const item = /[\s,]*(?:("(?:[^"\\]|\\.)*")|([^\s,"]+?)):(\w+)(?=[\s,]|$)/uy
  const end = text.trimEnd().replace(/,$/, '').length
  while (item.lastIndex < end) {
    const start = item.lastIndex
    const match = item.exec(text)
    if (match === null) {
      throw new VarveError('bad-input', `not a column: ${text.slice(start, end).trim()}`, {
        data: { position: start },
        hint: 'columns are given as name:type, for example time:timestamp_s temp:float64',
      })
    }
    columns.push({ name: match[2] ?? parseQuoted(match[1]!), type: parseColumnType(match[3]!) })
  }
  return orderedSchema(columns, options.index, options.duplicates ?? false)
}

/** A name that is written as a JSON string; `bad-input` where it is none. */
export function parseQuoted(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch (cause) {
    throw new VarveError('bad-input', `not a quoted name: ${quoted}`, { cause })
  }
}

/** Reads the name of a column type; `bad-input`, with those there are, when it is none. */
export function parseColumnType(text: string): ColumnType {
  if (isColumnType(text)) return text
  throw new VarveError('bad-input', `there is no column type ${JSON.stringify(text)}`, {
    data: { found: text, expected: columnTypes },
    hint: `types: ${columnTypes.join(' ')}`,
  })
}

/**
 * A checked schema of these columns with the index columns put first; the first column is the
 * index where none is named. `column-not-found` for an index name that no column has.
 */
export function orderedSchema(
  columns: readonly ColumnSpec[],
  index: readonly string[] | undefined,
  duplicates: boolean,
): Schema {
  if (index === undefined) return checkSchema({ columns, indexCount: 1, duplicates })
  const first = index.map((name) => {
    const column = columns.find((c) => c.name === name)
    if (column !== undefined) return column
    throw new VarveError('column-not-found', `no column is named ${JSON.stringify(name)}`, {
      data: { column: name, columns: columns.map((c) => c.name) },
    })
  })
  const rest = columns.filter((column) => !first.includes(column))
  return checkSchema({ columns: [...first, ...rest], indexCount: first.length, duplicates })
}

const PLAIN_NAME = /^[^\s,"]+$/u

/** The columns as {@link parseSchemaText} reads them. */
export function formatSchemaText(schema: Schema): string {
  return schema.columns
    .map(({ name, type }) => `${PLAIN_NAME.test(name) ? name : JSON.stringify(name)}:${type}`)
    .join(' ')
}

/** A schema as plain JSON. */
export interface SchemaJson {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Names of the index columns. */
  readonly index: readonly string[]
  readonly duplicates: boolean
}

export function schemaToJson(schema: Schema): SchemaJson {
  return {
    columns: schema.columns.map(({ name, type }) => ({ name, type })),
    index: schema.columns.slice(0, schema.indexCount).map(({ name }) => name),
    duplicates: schema.duplicates,
  }
}

/** Reads {@link SchemaJson}; `index` and `duplicates` may be absent. `bad-input` otherwise. */
export function schemaFromJson(json: unknown): Schema {
  const { columns, index, duplicates } = record(json)
  if (!Array.isArray(columns)) throw badJson('columns is not a list')
  if (index !== undefined && !isTextList(index)) throw badJson('index is not a list of names')
  if (duplicates !== undefined && typeof duplicates !== 'boolean') {
    throw badJson('duplicates is neither true nor false')
  }
  const specs = columns.map((column: unknown) => {
    const { name, type } = record(column)
    if (typeof name !== 'string' || typeof type !== 'string') {
      throw badJson('a column has no name or no type')
    }
    return { name, type: parseColumnType(type) }
  })
  return orderedSchema(specs, index, duplicates ?? false)
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw badJson('not an object')
  return value as Record<string, unknown>
}

function badJson(reason: string): VarveError {
  return new VarveError('bad-input', `not a schema: ${reason}`)
}
