import type { ColumnType } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { bucketStarts, PlotBuckets } from '../../src/core/plot-buckets.ts'
import type { PlotAxis, PlotColumn, PlotData, PlotLine } from '../../src/porcelain/plot-data.ts'

/** One version of a column: a value for each position from 0 on; undefined where there is no row. */
export type Values = readonly (number | null | undefined)[]

export interface PlotOf {
  readonly after?: Values | undefined
  readonly before?: Values | undefined
}

/** What a chart is drawn from, of columns with a row at each whole position. */
export function plotOf(
  columns: Readonly<Record<string, PlotOf>>,
  buckets: number,
  { kind = 'number', type = 'int64' }: { kind?: PlotAxis['kind']; type?: ColumnType } = {},
): PlotData {
  const lines = new Map(Object.entries(columns))
  const all = [...lines.values()].flatMap(({ after, before }) => [after ?? [], before ?? []])
  const to = Math.max(1, ...all.map((values) => values.length - 1))
  const line = (values: Values) => lineOf(values, buckets, to)
  const isCompared = [...lines.values()].some(({ before }) => before !== undefined)
  const rows = Math.max(0, ...all.map((values) => values.length))
  const day = 86_400_000_000_000n
  return {
    path: 'prices',
    axis: { name: 't', kind, type },
    from: 0,
    to,
    exact: kind === 'number' ? undefined : { from: 0n, to: BigInt(to) * day },
    extent: rows === 0 ? undefined : { from: 0, to },
    columns: [...lines].map(
      ([name, { after, before }]): PlotColumn => ({
        name,
        after: after && line(after),
        before: before && line(before),
      }),
    ),
    rows,
    rowsBefore: isCompared ? rows : undefined,
  }
}

function lineOf(values: Values, buckets: number, to: number): PlotLine {
  const rows = [...values.entries()].filter(([, value]) => value !== undefined)
  const reduced = new PlotBuckets(bucketStarts({ from: 0, to }, buckets), 1)
  const places = Float64Array.from(rows, ([at]) => at)
  reduced.add(places, [
    columnOf(
      'float64',
      rows.map(([, value]) => value ?? null),
    ),
  ])
  const { lines, positions, firstAt, lastAt } = reduced
  return { ...lines[0]!, positions, firstAt, lastAt, step: 1 }
}
