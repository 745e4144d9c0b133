import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { readSeries } from '../core/series.ts'
import { countRows, readRows, selectColumns } from '../core/series-read.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type ResolvedSeries, resolveSeries, type SeriesName } from '../plumbing/resolve-series.ts'

export interface ReadSeriesOptions extends SeriesName, BoundTexts {
  /** Names of the value columns wanted, in that order; the index columns are always there. */
  readonly columns?: readonly string[] | undefined
  /** The first rows of the range alone. */
  readonly limit?: number | undefined
  /** The last rows of the range alone. */
  readonly tail?: number | undefined
}

export interface ReadSeriesResult {
  readonly series: ResolvedSeries
  readonly schema: Schema
  /** Rows that `frames` will give. */
  readonly rows: number
  frames(): AsyncGenerator<Frame>
}

/** The rows of a series at a revision, in key order, streamed. */
export async function readSeriesRows(
  repo: Repository,
  options: ReadSeriesOptions,
): Promise<ReadSeriesResult> {
  const found = await resolveSeries(repo, options)
  const series = await readSeries(repo.objects, found.entry.id)
  const bounds = boundsFor(series.schema, options)
  const { columns, limit, tail } = options
  const { schema } = select(series.schema, columns, found.path)
  const inRange = await countRows(repo.objects, series, bounds)
  return {
    series: found,
    schema,
    rows: Math.min(inRange, tail ?? inRange, limit ?? inRange),
    frames: () => readRows(repo.objects, series, { ...bounds, columns, limit, tail }),
  }
}

function select(schema: Schema, columns: readonly string[] | undefined, path: string) {
  try {
    return selectColumns(schema, columns)
  } catch (error) {
    if (!hasCode(error, 'column-not-found')) throw error
    const names = schema.columns.map(({ name }) => name)
    const near = nearest(String(error.data.column), names)
    throw new VarveError('column-not-found', `${error.message} in ${path}`, {
      data: { ...error.data, series: path },
      hint: near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`,
    })
  }
}
