import type { ColumnType } from '../core/column.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { columnRules } from '../core/merge-cells.ts'
import { nearest } from '../core/nearest.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import { qualityRules, rulesFor } from '../core/quality-rules.ts'
import { parseScalar } from '../core/scalar-text.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import { type SchemaJson, schemaFromJson, schemaToJson } from '../core/schema-codec.ts'
import { readSeries } from '../core/series.ts'
import { addColumn, dropColumn, renameColumn, widenColumn } from '../core/series-schema.ts'
import { type Json, readSettings, type Settings, writeSettings } from '../core/settings.ts'
import { lookupPath, settingsFor, updatePaths } from '../core/tree.ts'
import { type Applied, firstChangedPath } from '../plumbing/change.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolvePath } from '../plumbing/resolve-object-name.ts'
import { resolveSeriesName, type SeriesName } from '../plumbing/resolve-series.ts'
import { applyChange, type ChangeOptions } from './apply-change.ts'

/** One change of what the rows of a series are made of. */
export type SchemaEdit =
  | {
      readonly kind: 'add-column'
      readonly column: ColumnSpec
      /** What all rows get, as text; null when not given. */
      readonly value?: string | undefined
    }
  | { readonly kind: 'drop'; readonly columns: readonly string[] }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'widen'; readonly column: string; readonly type: ColumnType }

export interface ChangeSchemaResult {
  readonly series: string
  readonly rows: number
  readonly schema: SchemaJson
}

/** Changes the schema of a series; columns that are not named keep what is stored of them. */
export async function changeSchema(
  repo: Repository,
  options: ChangeOptions & { readonly series: string; readonly edit: SchemaEdit },
): Promise<Applied<ChangeSchemaResult>> {
  const path = options.series
  return applyChange(
    repo,
    {
      async run(batch, tree) {
        const { entry } = await resolvePath(repo, tree, path, 'the index')
        if (entry.kind !== 'series') {
          throw new VarveError('usage', `${path} is a collection: its schema is set by create`, {
            hint: `varve create ${path.replace(/\/?$/, '/')} name:type …`,
          })
        }
        const id = await editSchema(batch, entry.id, options.edit, path)
        const { schema, rows } = await readSeries(batch, id)
        const edits = new Map([[path, { kind: 'series' as const, id }]])
        return {
          tree: await updatePaths(batch, tree, edits),
          result: { series: path, rows, schema: schemaToJson(schema) },
        }
      },
      meets: (reader, before, after) => firstChangedPath(reader, before, after, new Set([path])),
    },
    { ...options, series: new Set([path]), message: () => `${path}: ${describe(options.edit)}\n` },
  )
}

async function editSchema(
  batch: ObjectWriter,
  id: Id,
  edit: SchemaEdit,
  path: string,
): Promise<Id> {
  try {
    switch (edit.kind) {
      case 'add-column': {
        const value = edit.value === undefined ? null : parseScalar(edit.value, edit.column.type)
        return (await addColumn(batch, id, edit.column, value)).id
      }
      case 'drop': {
        let at = id
        for (const name of edit.columns) at = (await dropColumn(batch, at, name)).id
        return at
      }
      case 'rename':
        return (await renameColumn(batch, id, edit.from, edit.to)).id
      case 'widen':
        return (await widenColumn(batch, id, edit.column, edit.type)).id
    }
  } catch (error) {
    if (!hasCode(error, 'column-not-found')) throw error
    const names = (await readSeries(batch, id)).schema.columns.map(({ name }) => name)
    const near = nearest(String(error.data.column), names)
    throw new VarveError('column-not-found', `${error.message} in ${path}`, {
      data: { ...error.data, series: path, columns: names },
      hint: near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`,
    })
  }
}

function describe(edit: SchemaEdit): string {
  switch (edit.kind) {
    case 'add-column':
      return `add column ${edit.column.name}:${edit.column.type}`
    case 'drop':
      return `drop ${edit.columns.join(', ')}`
    case 'rename':
      return `rename ${edit.from} to ${edit.to}`
    case 'widen':
      return `widen ${edit.column} to ${edit.type}`
  }
}

export interface ShownSchema {
  readonly name: string
  readonly kind: 'series' | 'collection'
  /** Absent for a collection that sets none. */
  readonly schema?: Schema
  readonly rows?: number
  /** What holds there, with what collections above say; `schema` left out. */
  readonly settings: Settings
}

/** The schema and settings of a series, or what a collection sets for those in it. */
export async function showSchema(repo: Repository, name: SeriesName): Promise<ShownSchema> {
  const { path, entry, tree } = await resolveSeriesName(repo, name)
  const all = await settingsFor(repo.objects, tree, path)
  const settings = new Map([...all].filter(([key]) => key !== 'schema'))
  if (entry.kind === 'series') {
    const { schema, rows } = await readSeries(repo.objects, entry.id)
    return { name: path, kind: 'series', schema, rows, settings }
  }
  const json = all.get('schema')
  const schema = json === undefined ? {} : { schema: schemaFromJson(json) }
  return { name: `${path}/`, kind: 'collection', ...schema, settings }
}

export interface SetSettingResult {
  readonly name: string
  readonly settings: Readonly<Record<string, Json>>
}

/** `invalid-value` for rules of merging that are none, `column-not-found` for those of another series. */
async function checkMergeRules(
  reader: ObjectReader,
  tree: Id,
  path: string,
  values: ReadonlyMap<string, Json | undefined>,
): Promise<void> {
  const merge = values.get('merge')
  if (merge === undefined) return
  const rules = columnRules(new Map([['merge', merge]]))
  const entry = await lookupPath(reader, tree, path)
  // Those of a collection are for series that need not be there yet.
  if (entry?.kind !== 'series') return
  const { columns, indexCount } = (await readSeries(reader, entry.id)).schema
  const names = columns.slice(indexCount).map(({ name }) => name)
  const unknown = [...rules.keys()].find((name) => !names.includes(name))
  if (unknown === undefined) return
  const near = nearest(unknown, names)
  throw new VarveError(
    'column-not-found',
    `${path} has no value column ${JSON.stringify(unknown)} to merge by a rule`,
    {
      data: { series: path, column: unknown, columns: names },
      hint: near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`,
    },
  )
}

/** `invalid-value` for quality rules that are none, `column-not-found` for those of another series. */
async function checkQualityRules(
  reader: ObjectReader,
  tree: Id,
  path: string,
  values: ReadonlyMap<string, Json | undefined>,
): Promise<void> {
  const quality = values.get('quality')
  if (quality === undefined) return
  const rules = qualityRules(new Map([['quality', quality]]))
  const entry = await lookupPath(reader, tree, path)
  if (entry?.kind !== 'series') return
  const { schema } = await readSeries(reader, entry.id)
  rulesFor(rules, schema)
  const names = schema.columns.map(({ name }) => name)
  const unknown = [...rules.keys()].find((name) => !names.includes(name))
  if (unknown === undefined) return
  const near = nearest(unknown, names)
  throw new VarveError(
    'column-not-found',
    `${path} has no column ${JSON.stringify(unknown)} for a quality rule`,
    {
      data: { series: path, column: unknown, columns: names },
      hint: near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`,
    },
  )
}

/**
 * Sets (or with undefined removes) settings of a series or a collection, key by key. As
 * {@link checkMergeRules} for the setting `merge`, and {@link checkQualityRules} for `quality`.
 */
export async function setSettings(
  repo: Repository,
  options: ChangeOptions & {
    readonly name: string
    readonly values: ReadonlyMap<string, Json | undefined>
  },
): Promise<Applied<SetSettingResult>> {
  const path = options.name.replace(/\/$/, '')
  return applyChange(
    repo,
    {
      async run(batch, tree) {
        await resolvePath(repo, tree, path, 'the index')
        await checkMergeRules(batch, tree, path, options.values)
        await checkQualityRules(batch, tree, path, options.values)
        const entry = await lookupPath(batch, tree, path)
        const before =
          entry?.settings === undefined ? [] : await readSettings(batch, entry.settings)
        const after = new Map(before)
        for (const [key, value] of options.values) {
          if (value === undefined) after.delete(key)
          else after.set(key, value)
        }
        const settings = (await writeSettings(batch, after)) ?? null
        return {
          tree: await updatePaths(batch, tree, new Map([[path, { settings }]])),
          result: { name: options.name, settings: Object.fromEntries(after) },
        }
      },
      meets: (reader, before, after) => firstChangedPath(reader, before, after, new Set([path])),
    },
    {
      ...options,
      series: new Set(),
      message: () => `${path}: set ${[...options.values.keys()].join(', ')}\n`,
    },
  )
}
