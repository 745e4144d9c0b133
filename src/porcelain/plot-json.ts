import type { PlotData, PlotLine } from './plot-data.ts'

/** What a chart is drawn from, as JSON has it: what is no number is null. */
export function plotJson(plot: PlotData) {
  const { path, against, axis, from, to, extent, rows, rowsBefore } = plot
  return {
    series: path,
    ...(against !== undefined && { against }),
    axis: { name: axis.name, kind: axis.kind, type: axis.type, zone: axis.zone?.name ?? 'UTC' },
    from,
    to,
    ...(extent !== undefined && { extent }),
    rows,
    ...(rowsBefore !== undefined && { rowsBefore }),
    columns: plot.columns.map(({ name, unit, before, after }) => ({
      name,
      ...(unit !== undefined && { unit }),
      ...(before !== undefined && { before: lineJson(before) }),
      ...(after !== undefined && { after: lineJson(after) }),
    })),
  }
}

function lineJson({ low, high, first, last, rows, missing }: PlotLine) {
  const numbers = (values: Float64Array) =>
    Array.from(values, (value) => (Number.isNaN(value) ? null : value))
  return {
    low: numbers(low),
    high: numbers(high),
    first: numbers(first),
    last: numbers(last),
    rows: [...rows],
    missing: [...missing],
  }
}
