import type { ColumnType } from '../core/column.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import { missingColumn, type TableHeader } from './map-columns.ts'

/** What is said about a schema beforehand. */
export interface SaidOfSchema {
  /** Its columns that are known, which come first. */
  readonly known?: Schema | undefined
  /** Types of some other columns, by name. */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
  /** Whether equal keys are allowed, where no columns are known. */
  readonly duplicates?: boolean | undefined
}

/** `bad-input` where a column that a type is said of is not in the header. */
export function checkTypes(
  header: TableHeader,
  index: readonly string[],
  { types }: SaidOfSchema,
): void {
  for (const name of types?.keys() ?? []) {
    if (!header.names.includes(name)) throw missingColumn(header, name, index.includes(name))
  }
}

/**
 * The schema of a table: the columns that are known, or else the index, then all others in their
 * order, of the types that are said or that `typeOf` finds.
 */
export function inferredSchema(
  header: TableHeader,
  index: readonly string[],
  { known, types, duplicates = false }: SaidOfSchema,
  typeOf: (name: string) => ColumnType,
): Schema {
  const specOf = (name: string): ColumnSpec => ({ name, type: types?.get(name) ?? typeOf(name) })
  const first = known?.columns ?? index.map(specOf)
  const placed = new Set(first.map((column) => column.name))
  const others = header.names.filter((name) => !placed.has(name)).map(specOf)
  return {
    columns: [...first, ...others],
    indexCount: index.length,
    duplicates: known?.duplicates ?? duplicates,
  }
}
