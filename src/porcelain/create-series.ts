import { VarveError } from '../core/errors.ts'
import { checkCollectionName, checkSeriesName } from '../core/names.ts'
import type { Schema } from '../core/schema.ts'
import { formatSchemaText, schemaToJson } from '../core/schema-codec.ts'
import { buildSeries } from '../core/series-build.ts'
import { type Json, readSettings, type Settings, writeSettings } from '../core/settings.ts'
import { lookupPath, updatePaths } from '../core/tree.ts'
import { type Applied, firstChangedPath } from '../plumbing/change.ts'
import type { Repository } from '../plumbing/repository.ts'
import { applyChange, type ChangeOptions } from './apply-change.ts'
import { schemaForNew } from './new-series.ts'

export interface CreateOptions extends ChangeOptions {
  /** A series, or with a `/` at its end a collection. */
  readonly name: string
  /**
   * What the series has: as its collection says unless given. What every series that is made in
   * the collection will have.
   */
  readonly schema?: Schema | undefined
  /** Other settings, such as `zone`. */
  readonly settings?: Settings | undefined
}

export interface CreateResult {
  readonly name: string
  readonly kind: 'series' | 'collection'
  /** As `name:type name:type`. */
  readonly schema: string | null
}

/**
 * Makes an empty series of a schema, or gives a collection the schema of the series to come.
 * `already-exists` for a series that is there; a collection's settings are replaced key by key.
 */
export async function createSeries(
  repo: Repository,
  options: CreateOptions,
): Promise<Applied<CreateResult>> {
  const { name, schema, settings } = options
  const collection = name.endsWith('/')
  const path = collection ? checkCollectionName(name) : checkSeriesName(name)
  const resultOf = (made: Schema | undefined): CreateResult => ({
    name: collection ? `${path}/` : path,
    kind: collection ? 'collection' : 'series',
    schema: made === undefined ? null : formatSchemaText(made),
  })
  return applyChange(
    repo,
    {
      async run(batch, tree) {
        const found = await lookupPath(batch, tree, path)
        if (found?.kind === 'series' || (found !== undefined && !collection)) {
          const kind = found.kind === 'series' ? 'series' : 'collection'
          throw new VarveError('already-exists', `there is a ${kind} ${path} already`, {
            data: { name: path, kind },
            hint:
              kind === 'series' ? `varve schema ${path} shows and changes it` : `varve ls ${path}/`,
          })
        }
        const before = found?.settings && (await readSettings(batch, found.settings))
        const after = new Map<string, Json>([...(before ?? []), ...(settings ?? [])])
        if (collection && schema !== undefined) {
          const { columns, index, duplicates } = schemaToJson(schema)
          after.set('schema', {
            columns: columns.map(({ name, type }) => ({ name, type })),
            index: [...index],
            duplicates,
          })
        }
        const settingsId = (await writeSettings(batch, after)) ?? null
        if (collection) {
          if (settingsId === null) {
            throw new VarveError('usage', `${path}/ would have nothing in it and no settings`, {
              hint: 'a collection comes to be with its first series; here it needs columns',
            })
          }
          const edits = new Map([[path, { settings: settingsId }]])
          return { tree: await updatePaths(batch, tree, edits), result: resultOf(schema) }
        }
        const made = schema ?? (await schemaForNew(batch, tree, path, {}))
        if (made === undefined) {
          throw new VarveError('usage', `${name} needs columns`, {
            hint: `varve create ${name} time:timestamp_s value:float64`,
          })
        }
        const { id } = await buildSeries(batch, made, [])
        const edits = new Map([[path, { kind: 'series' as const, id, settings: settingsId }]])
        return { tree: await updatePaths(batch, tree, edits), result: resultOf(made) }
      },
      meets: (reader, before, after) => firstChangedPath(reader, before, after, new Set([path])),
    },
    { ...options, series: new Set(), message: (result) => `create ${result.name}\n` },
  )
}
