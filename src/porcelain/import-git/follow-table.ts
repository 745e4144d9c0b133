import type { ColumnType } from '../../core/column.ts'
import { hasCode, VarveError } from '../../core/errors.ts'
import type { Id } from '../../core/id.ts'
import type { ObjectReader, ObjectWriter } from '../../core/objects.ts'
import type { Schema } from '../../core/schema.ts'
import { readSeries } from '../../core/series.ts'
import { EMPTY_TREE, lookupPath } from '../../core/tree.ts'
import type { InputTable } from '../../formats/table.ts'
import { readAs } from '../../formats/table-formats.ts'
import { type BuiltSeries, buildFromTable } from '../add-series.ts'
import { headerOf } from '../read-input.ts'

/** Any number of rows and columns may come and go: it is what somebody published. */
const ANYTHING = { allowDeletes: true, dropColumns: true, allowEmpty: true } as const

/** Other indexes that are tried before a table is given up. */
const MOST_INDEXES = 12
/** Columns that are given a name or taken as text before a table is given up. */
const MOST_COLUMNS = 200

export interface FollowOptions {
  /** The index columns of series that are new, where a table has all of them. */
  readonly index?: readonly string[] | undefined
}

/**
 * Builds the series that the next version of a table is: under the schema that the series has, its value
 * columns widened where that is enough; where the table does not fit it (another header, another layout of dates), under
 * the one that is found in the table itself, with the same index if it has it.
 *
 * A new series whose first column does not tell its rows apart gets as many index columns as it takes:
 * times, texts, whole numbers; where they do not, equal keys are allowed. A column of numbers with
 * something else among them is text; one without a name is called by its number, as `c1`.
 *
 * @throws what is wrong with the table, as `buildFromTable` does, where none of that can be read
 */
export async function followTable(
  writer: ObjectWriter,
  tree: Id,
  path: string,
  given: InputTable,
  options: FollowOptions,
): Promise<BuiltSeries> {
  const table = await withNames(given)
  const entry = await lookupPath(writer, tree, path)
  const old = entry?.kind === 'series' ? await readSeries(writer, entry.id) : undefined
  let widened: BuiltSeries | undefined
  if (old !== undefined) {
    try {
      widened = await buildFromTable(writer, tree, path, table, ANYTHING)
      if (await hasIndexOf(writer, widened.id, old.schema)) return widened
    } catch (error) {
      if (!isAboutTable(error)) throw error
    }
  }
  const known = old?.schema.columns.slice(0, old.schema.indexCount).map(({ name }) => name)
  const header = new Set(await headerOf(table))
  const isThere = (index: readonly string[] | undefined): boolean =>
    index?.every((name) => header.has(name)) === true
  const index = [known, options.index].find(isThere)
  try {
    return await buildTellingApart(writer, path, table, index, [...header])
  } catch (error) {
    if (widened !== undefined && isAboutTable(error)) return widened
    throw error
  }
}

/** The same table, whose columns all have names. */
async function withNames(given: InputTable): Promise<InputTable> {
  const rename = new Map(given.reading?.rename)
  for (let table = given; ; table = readAs(given, { rename })) {
    try {
      await headerOf(table)
      return table
    } catch (error) {
      const expected = hasCode(error, 'bad-input') ? String(error.data.expected) : ''
      const number = /^a name for column (\d+)$/.exec(expected)?.[1]
      if (number === undefined || rename.size >= MOST_COLUMNS) throw error
      rename.set(`c${number}`, `c${number}`)
    }
  }
}

/** Whether the index of a series has the types that a schema says. */
async function hasIndexOf(reader: ObjectReader, id: Id, { columns, indexCount }: Schema) {
  const { schema } = await readSeries(reader, id)
  return columns.slice(0, indexCount).every(({ type }, at) => schema.columns[at]?.type === type)
}

interface Attempt {
  readonly index: readonly string[] | undefined
  readonly duplicates: boolean
}

async function buildTellingApart(
  writer: ObjectWriter,
  path: string,
  table: InputTable,
  index: readonly string[] | undefined,
  header: readonly string[],
): Promise<BuiltSeries> {
  const refused = new Set<string>()
  const types = new Map<string, ColumnType>()
  let attempt: Attempt = { index, duplicates: false }
  let before: Attempt | undefined
  let first: unknown
  for (let indexes = 0; ; ) {
    const current = attempt
    try {
      const { index, duplicates } = current
      // Nothing stands there for it: what did is not what the table is now.
      const built = await buildFromTable(writer, EMPTY_TREE, path, table, {
        ...ANYTHING,
        index,
        duplicates: duplicates || undefined,
        types: types.size === 0 ? undefined : types,
      })
      if (before === undefined || duplicates || !(await hasFraction(writer, built.id))) return built
      // Measured values tell rows apart by chance.
      attempt = { ...before, duplicates: true }
    } catch (error) {
      if (!isAboutTable(error)) throw error
      const text = columnForText(error)
      if (text !== undefined && !types.has(text) && types.size < MOST_COLUMNS) {
        types.set(text, 'string')
        continue
      }
      first ??= error
      if (++indexes > MOST_INDEXES) throw first
      const next = nextAttempt(error, current, before, refused, header)
      if (next === undefined) throw first
      if (next.index !== current.index && !next.duplicates)
        before = isLonger(next, current) ? current : undefined
      attempt = next
    }
  }
}

function isLonger(next: Attempt, current: Attempt): boolean {
  return (next.index?.length ?? 1) > (current.index?.length ?? 1)
}

/** What to try after an attempt failed; undefined where its fault is not one of the index. */
function nextAttempt(
  error: VarveError,
  { index, duplicates }: Attempt,
  before: Attempt | undefined,
  refused: Set<string>,
  header: readonly string[],
): Attempt | undefined {
  const { tellApart, field } = error.data
  const used = index ?? header.slice(0, 1)
  if (error.data.expected === 'keys that differ') {
    const names = Array.isArray(tellApart) ? (tellApart as string[]) : undefined
    const usable = names?.every((name) => !refused.has(name)) === true
    return usable ? { index: names, duplicates: false } : { index, duplicates: true }
  }
  // A column that cannot be in an index: it has cells without a value, or too long ones.
  const culprit = typeof field === 'string' ? field : used.at(-1)
  if (culprit === undefined || !used.includes(culprit) || refused.has(culprit)) return undefined
  refused.add(culprit)
  if (before !== undefined) return { ...before, duplicates: true }
  const other = header.find((name) => !refused.has(name))
  return other === undefined ? undefined : { index: [other], duplicates }
}

/** The column that something does not fit into which is there; undefined for another fault. */
function columnForText(error: VarveError): string | undefined {
  const { field, value } = error.data
  return typeof field === 'string' && typeof value === 'string' && value !== '' ? field : undefined
}

async function hasFraction(writer: ObjectWriter, id: Id): Promise<boolean> {
  const { columns, indexCount } = (await readSeries(writer, id)).schema
  return columns.slice(1, indexCount).some(({ type }) => type === 'float64' || type === 'float32')
}

/** Whether an error is about what a table holds, rather than about the machine or the repository. */
export function isAboutTable(error: unknown): error is VarveError {
  return (
    error instanceof VarveError &&
    (hasCode(error, 'bad-input') ||
      hasCode(error, 'schema-mismatch') ||
      hasCode(error, 'too-large') ||
      hasCode(error, 'column-not-found') ||
      hasCode(error, 'invalid-value') ||
      hasCode(error, 'invalid-name') ||
      hasCode(error, 'invalid-date'))
  )
}
