import type { ColumnType } from '../core/column.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import type { Schema } from '../core/schema.ts'
import {
  formatSchemaText,
  orderedSchema,
  parseSchemaText,
  schemaFromJson,
} from '../core/schema-codec.ts'
import { schemaSettingOf } from '../core/settings.ts'
import { settingsFor } from '../core/tree.ts'
import type { InputTable } from '../formats/table.ts'

/** What is said about the columns of a series: for one that is to be made, or to be sure. */
export interface SchemaOptions {
  /** Names of the index columns. */
  readonly index?: readonly string[] | undefined
  /** Whether rows with equal keys are allowed. */
  readonly duplicates?: boolean | undefined
  /** The whole schema: `time:timestamp_s temp:float64`. */
  readonly schema?: string | undefined
  /** The types of some columns. */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
}

/**
 * The schema that a new series has: the one that was given, else the one of the collection it is
 * to be in. Undefined where nothing says: then it is inferred.
 */
export async function schemaForNew(
  reader: ObjectReader,
  tree: Id,
  path: string,
  options: SchemaOptions,
): Promise<Schema | undefined> {
  const { index, duplicates, schema, types } = options
  if (schema !== undefined) {
    const parsed = parseSchemaText(schema, {
      ...(index !== undefined && { index }),
      ...(duplicates !== undefined && { duplicates }),
    })
    return withTypes(parsed, types)
  }
  const setting = schemaSettingOf(await settingsFor(reader, tree, path))
  if (setting === undefined) return undefined
  const held = schemaFromJson(setting)
  const names = index ?? held.columns.slice(0, held.indexCount).map(({ name }) => name)
  return withTypes(orderedSchema(held.columns, names, duplicates ?? held.duplicates), types)
}

/**
 * `usage` where a table without names of columns is to be read under a schema that is not in the order
 * of its cells: the series would have them in another order than the next table.
 */
export function checkCellOrder({ reading }: InputTable, { schema, index }: SchemaOptions): void {
  if (reading?.header !== false || reading.rename !== undefined) return
  if (schema === undefined || index === undefined) return
  const written = parseSchemaText(schema).columns.slice(0, index.length)
  if (written.every(({ name }, at) => name === index[at])) return
  throw new VarveError('usage', 'without a header the index has to come first in --schema', {
    data: { schema, index },
    hint: 'where it is not first in the table, --rename c2=time names the columns by number',
  })
}

function withTypes(schema: Schema, types: ReadonlyMap<string, ColumnType> | undefined): Schema {
  if (types === undefined) return schema
  const columns = schema.columns.map(({ name, type }) => ({ name, type: types.get(name) ?? type }))
  const unknown = [...types.keys()].find((name) => !columns.some((column) => column.name === name))
  if (unknown !== undefined) {
    throw new VarveError('column-not-found', `there is no column ${JSON.stringify(unknown)}`, {
      data: { column: unknown, columns: columns.map(({ name }) => name) },
    })
  }
  const index = columns.slice(0, schema.indexCount).map(({ name }) => name)
  return orderedSchema(columns, index, schema.duplicates)
}

/**
 * `schema-mismatch` where what is said about the columns of a series that is there is not so. Types
 * of columns that it does not have say what those are to be.
 */
export function checkSaid(path: string, schema: Schema, options: SchemaOptions): void {
  const index = schema.columns.slice(0, schema.indexCount).map(({ name }) => name)
  if (options.index !== undefined && options.index.join('\0') !== index.join('\0')) {
    throw notSo(path, `its index is ${index.join(', ')}`, { index }, settledHint(path))
  }
  if (options.duplicates !== undefined && options.duplicates !== schema.duplicates) {
    const { duplicates } = schema
    const reason = `it ${duplicates ? 'allows' : 'does not allow'} equal keys`
    throw notSo(path, reason, { duplicates }, settledHint(path))
  }
  if (options.schema !== undefined) {
    const said = parseSchemaText(options.schema, {
      index: options.index ?? index,
      duplicates: schema.duplicates,
    })
    if (formatSchemaText(said) !== formatSchemaText(schema)) {
      throw notSo(path, `its columns are ${formatSchemaText(schema)}`, {
        schema: formatSchemaText(schema),
      })
    }
  }
  for (const { name, type } of schema.columns) {
    const said = options.types?.get(name)
    if (said !== undefined && said !== type) {
      throw notSo(path, `its column ${JSON.stringify(name)} is ${type}`, { column: name, type })
    }
  }
}

/** What to do about what no command changes in a series that is there. */
function settledHint(path: string): string {
  return `that is settled when a series is made: varve rm --cached --force ${path}, and make it again; commits keep what it was`
}

function notSo(
  path: string,
  reason: string,
  data: Record<string, unknown>,
  hint = 'varve schema changes columns: varve help schema',
): VarveError {
  return new VarveError('schema-mismatch', `${path} is there already, and ${reason}`, {
    data: { series: path, ...data },
    hint,
  })
}
