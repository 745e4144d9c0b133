import { type Id, shortId } from '../core/id.ts'
import { escapeControl } from '../core/names.ts'
import type { ObjectReader } from '../core/objects.ts'
import { type JsonScalar, scalarToJson } from '../core/scalar-text.ts'
import {
  formatSchemaText,
  type SchemaJson,
  schemaFromJson,
  schemaToJson,
} from '../core/schema-codec.ts'
import { firstKey, lastKey, readSeries, type Series } from '../core/series.ts'
import { addCounts, type ChangeCounts, formatCounts } from '../core/series-counts.ts'
import type { SchemaChange } from '../core/series-diff.ts'
import type { Zone } from '../core/zone.ts'
import { openShown } from '../plumbing/series-zone.ts'

/** Rows added past the old end and before it, changed, and removed. */
export type RowCounts = Omit<ChangeCounts, 'unchanged'>

/** What a command did to one series. */
export interface SeriesChange {
  readonly series: string
  readonly state: 'new' | 'changed' | 'unchanged'
  /** The series as it is now. */
  readonly id: Id
  /** Rows that it has now. */
  readonly rows: number
  readonly counts: RowCounts
  readonly schema: SchemaJson
  /** Index values of its first and last row; absent when it has none. */
  readonly first?: readonly JsonScalar[]
  readonly last?: readonly JsonScalar[]
  readonly schemaChanges: readonly SchemaChange[]
  /** Rows of the input that were left out because all their cells were empty. */
  readonly emptyRows: number
}

export interface DescribeOptions {
  readonly series: string
  /** The series before; undefined when it is new. */
  readonly old: Id | undefined
  readonly id: Id
  readonly counts: RowCounts
  readonly schemaChanges?: readonly SchemaChange[]
  readonly emptyRows?: number
  /** The zone that its times are in; UTC unless given. */
  readonly zone?: string | undefined
}

/** Describes what a series has become. */
export async function describeChange(
  reader: ObjectReader,
  options: DescribeOptions,
): Promise<SeriesChange> {
  const { series, old, id, counts, schemaChanges = [], emptyRows = 0 } = options
  const now = await readSeries(reader, id)
  const { appended, backfilled, revised, deleted } = counts
  const state = old === undefined ? 'new' : old === id ? 'unchanged' : 'changed'
  return {
    series,
    state,
    id,
    rows: now.rows,
    counts: { appended, backfilled, revised, deleted },
    schema: schemaToJson(now.schema),
    ...keysOf(now, await openShown(options.zone)),
    schemaChanges,
    emptyRows,
  }
}

function keysOf(
  series: Series,
  zone: Zone | undefined,
): { first?: JsonScalar[]; last?: JsonScalar[] } {
  const first = firstKey(series)
  const last = lastKey(series)
  if (first === undefined || last === undefined) return {}
  const json = (values: typeof first) =>
    values.map((value, i) => scalarToJson(value, series.schema.columns[i]!.type, zone))
  return { first: json(first), last: json(last) }
}

/** The message of a commit that nobody wrote one for: `brent-daily: +0 ~1 -0`. */
export function generatedMessage(
  changes: readonly Pick<SeriesChange, 'series' | 'state' | 'counts'>[],
): string {
  const changed = changes.filter(({ state }) => state !== 'unchanged')
  const one = changed.length === 1 ? changed[0]! : undefined
  const what = one === undefined ? `${changed.length} series` : one.series
  return `${what}: ${totals(changed)}\n`
}

/** The counts of several series together. */
function totals(changes: readonly Pick<SeriesChange, 'counts'>[]): string {
  const counts = changes.reduce(
    (sum, change) => addCounts(sum, { ...change.counts, unchanged: 0 }),
    { appended: 0, backfilled: 0, revised: 0, deleted: 0, unchanged: 0 },
  )
  return formatCounts(counts)
}

/** Series listed one by one; of more, those that changed if they are no more than these. */
const LISTED = 100

/** Series listed one by one although nothing happened to them. */
const LISTED_UNCHANGED = 20

export interface ChangesResult {
  readonly series: readonly SeriesChange[]
  /** Rows of a table of many series that were left out because all their cells were empty. */
  readonly emptyRows?: number
  readonly dryRun: boolean
  readonly commit?: Id
}

/** What a command did to series, as text. */
export function changesText(result: ChangesResult): string {
  const { series, emptyRows = 0, dryRun, commit } = result
  const lines: string[] = []
  const changed = series.filter((change) => change.state === 'changed')
  const unchanged = series.filter((change) => change.state === 'unchanged')
  const isListed = (change: SeriesChange): boolean =>
    (series.length <= LISTED &&
      (change.state !== 'unchanged' || unchanged.length <= LISTED_UNCHANGED)) ||
    (change.state === 'changed' && changed.length <= LISTED) ||
    change.emptyRows > 0
  for (const change of series) if (isListed(change)) lines.push(...formatChange(change))
  const rest = series.filter((change) => !isListed(change))
  for (const state of ['new', 'unchanged'] as const) {
    const some = rest.filter((change) => change.state === state)
    if (some.length === 0) continue
    const rows = some.reduce((sum, change) => sum + change.rows, 0)
    lines.push(`${some.length.toLocaleString('en-US')} series ${state}, ${count(rows, 'row')}`)
  }
  const others = rest.filter((change) => change.state === 'changed')
  if (others.length > 0) {
    lines.push(`${others.length.toLocaleString('en-US')} series changed: ${totals(others)}`)
    lines.push(...schemaChangesOf(others))
  }
  if (emptyRows > 0) lines.push(`${count(emptyRows, 'empty row')} skipped`)
  if (commit !== undefined) lines.push(`committed as ${shortId(commit)}`)
  if (dryRun) lines.push('nothing was changed: this was a dry run')
  return lines.join('\n')
}

/** How the columns of many series changed, each way once. */
function schemaChangesOf(changes: readonly SeriesChange[]): string[] {
  const counts = new Map<string, number>()
  for (const { schemaChanges } of changes) {
    for (const change of schemaChanges) {
      const text = schemaChangeText(change)
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
  }
  return [...counts].map(([text, some]) => `  ${text}, in ${some.toLocaleString('en-US')} of them`)
}

/** What was done to a series, as lines: the counts, and what else is worth knowing. */
function formatChange(change: SeriesChange): string[] {
  const { series, state } = change
  const lines = [
    state === 'new'
      ? `${series}: new, ${rowsText(change)}`
      : `${series}: ${state === 'unchanged' ? 'unchanged' : formatCounts(change.counts)}`,
  ]
  if (state === 'new') lines.push(`  ${schemaLine(change.schema)}`)
  for (const schemaChange of change.schemaChanges) lines.push(`  ${schemaChangeText(schemaChange)}`)
  if (change.emptyRows > 0) lines.push(`  ${count(change.emptyRows, 'empty row')} skipped`)
  return lines
}

function rowsText({ rows, first, last }: SeriesChange): string {
  if (first === undefined || last === undefined) return count(rows, 'row')
  return `${count(rows, 'row')}, ${keyText(first)} to ${keyText(last)}`
}

function keyText(key: readonly JsonScalar[]): string {
  return key.map((value) => (value === '' ? '""' : escapeControl(String(value)))).join(', ')
}

/** Columns named in a line at most. */
const SHOWN_COLUMNS = 20

/** `Date:date Price:float64, index Date`; of many columns the first. */
export function schemaLine(json: SchemaJson): string {
  const { columns, indexCount } = schemaFromJson(json)
  const shown = columns.slice(0, Math.max(SHOWN_COLUMNS, indexCount))
  const more = columns.length - shown.length
  const text = formatSchemaText({ columns: shown, indexCount, duplicates: false })
  const rest = more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''
  const duplicates = json.duplicates ? ', duplicates allowed' : ''
  return `${text}${rest}, index ${json.index.join(', ')}${duplicates}`
}

/** One way in which the columns of a series changed. */
export function schemaChangeText(change: SchemaChange): string {
  switch (change.kind) {
    case 'added':
      return `new column ${change.column.name}:${change.column.type}`
    case 'dropped':
      return `column dropped: ${change.column.name}`
    case 'renamed':
      return `column ${change.from} is ${change.to} now`
    case 'retyped':
      return `column ${change.name}: ${change.from} is ${change.to} now`
    case 'reordered':
      return `columns in a new order: ${change.columns.join(' ')}`
    case 'index':
      return `index ${change.from.join(', ')} is ${change.to.join(', ')} now`
    case 'duplicates':
      return change.allowed ? 'duplicates are allowed now' : 'duplicates are not allowed any more'
  }
}

/** `1 row`, `9,894 rows`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
