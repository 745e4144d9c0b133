import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { isPlottedType } from '../core/plot-buckets.ts'
import { parseObjectName } from '../core/revision.ts'
import { readSeries, type Series } from '../core/series.ts'
import { matchSchemas } from '../core/series-match.ts'
import { lookupPath } from '../core/tree.ts'
import { diffTree } from '../plumbing/diff-tree.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { AsOfResult } from '../plumbing/resolve-as-of.ts'
import { resolveTree } from '../plumbing/resolve-revision.ts'
import {
  resolveSeries,
  resolveTreeAt,
  type SeriesName,
  splitName,
} from '../plumbing/resolve-series.ts'
import { columnNotFound } from './read-rows.ts'
import { withRenames } from './renamed-series.ts'

/** One version of a series that is drawn. */
export interface PlotVersion {
  readonly path: string
  readonly tree: Id
  readonly id: Id
  readonly series: Series
}

export interface PlotVersions {
  /** Undefined where the series is only in the version that it is compared with. */
  readonly after: PlotVersion | undefined
  /** Undefined where none was asked for, or the series is not in it. */
  readonly before: PlotVersion | undefined
  /** What it is called. */
  readonly path: string
  readonly asOf?: AsOfResult | undefined
}

/**
 * The version of a series that a name means, and the one that it is compared with: of the same series,
 * under the name that it had there. Errors as `resolveSeries`; a series that one of the two has is enough.
 *
 * @param against a revision, or `REV:SERIES`
 */
export async function plotVersions(
  repo: Repository,
  name: SeriesName,
  against: string | undefined,
): Promise<PlotVersions> {
  const reader = repo.objects
  const { path } = splitName(name)
  const version = async (found: { path: string; tree: Id; id: Id }): Promise<PlotVersion> => {
    return { ...found, series: await readSeries(reader, found.id) }
  }
  if (against === undefined) {
    const found = await resolveSeries(repo, name)
    const after = await version({ path: found.path, tree: found.tree, id: found.entry.id })
    return { after, before: undefined, path: found.path, asOf: found.asOf }
  }
  const other = parseObjectName(against)
  if (other.name !== undefined) {
    const found = await plotVersions(repo, name, undefined)
    const old = await resolveSeries(repo, { name: against, now: name.now })
    const before = await version({ path: old.path, tree: old.tree, id: old.entry.id })
    return { ...found, before }
  }
  const oldTree = await resolveTree(repo, against, { now: name.now })
  const at = await resolveTreeAt(repo, { ...name, rev: splitName(name).rev })
  const found = await newVersion(repo, name)
  const old = await oldVersion(repo, oldTree, at.tree, found?.path ?? path)
  if (found === undefined && old === undefined) await resolveSeries(repo, name)
  return {
    after: found && (await version(found)),
    before: old && (await version(old)),
    path: found?.path ?? path,
    asOf: at.asOf,
  }
}

async function newVersion(repo: Repository, name: SeriesName) {
  try {
    const { path, tree, entry } = await resolveSeries(repo, name)
    return { path, tree, id: entry.id }
  } catch (error) {
    if (!hasCode(error, 'series-not-found')) throw error
    return undefined
  }
}

async function oldVersion(repo: Repository, oldTree: Id, newTree: Id, path: string) {
  const reader = repo.objects
  const entry = await lookupPath(reader, oldTree, path)
  if (entry?.kind === 'series') return { path, tree: oldTree, id: entry.id }
  const differences = diffTree(reader, oldTree, newTree, { recursive: true })
  for await (const change of withRenames(reader, differences)) {
    if (change.path !== path || change.from === undefined || change.old?.kind !== 'series') continue
    return { path: change.from, tree: oldTree, id: change.old.id }
  }
  return undefined
}

/** A column to draw, by its name in either version; one may lack it. */
export interface PlottedColumn {
  readonly name: string
  readonly after: string | undefined
  readonly before: string | undefined
}

/**
 * The columns of numbers of both versions, or those wanted, in that order. `column-not-found` with the
 * nearest name; `usage` where one has no numbers.
 */
export async function plottedColumns(
  repo: Repository,
  { after, before, path }: PlotVersions,
  wanted: readonly string[] | undefined,
): Promise<PlottedColumn[]> {
  const pairs =
    after === undefined || before === undefined
      ? []
      : (await matchSchemas(repo.objects, before.series, after.series)).pairs
  const oldName = (place: number | undefined) =>
    place === undefined ? undefined : plottedName(before, place)
  const columns: PlottedColumn[] = []
  for (const place of valuePlaces(after)) {
    const name = plottedName(after, place)
    const pair = pairs.find((some) => some.new === place)
    if (name !== undefined) columns.push({ name, after: name, before: oldName(pair?.old) })
  }
  for (const place of valuePlaces(before)) {
    const name = plottedName(before, place)
    const isGone = after === undefined || pairs.some((p) => p.old === place && p.new === undefined)
    if (name !== undefined && isGone) columns.push({ name, after: undefined, before: name })
  }
  if (wanted === undefined) return columns
  return [...new Set(wanted)].map((name) => {
    const found = columns.find((column) => column.name === name)
    if (found !== undefined) return found
    const types = [after, before].flatMap((version) => version?.series.schema.columns ?? [])
    const type = types.find((column) => column.name === name)?.type
    if (type === undefined) {
      const names = columns.map((column) => column.name)
      throw columnNotFound(name, names, path)
    }
    throw new VarveError('usage', `column ${JSON.stringify(name)} of ${path} is ${type}`, {
      data: { column: name, type },
      hint: 'a chart shows value columns of numbers',
    })
  })
}

function valuePlaces(version: PlotVersion | undefined): number[] {
  if (version === undefined) return []
  const { columns, indexCount } = version.series.schema
  return columns.map((_, place) => place).slice(indexCount)
}

function plottedName(version: PlotVersion | undefined, place: number): string | undefined {
  const column = version?.series.schema.columns[place]
  return column !== undefined && isPlottedType(column.type) ? column.name : undefined
}
