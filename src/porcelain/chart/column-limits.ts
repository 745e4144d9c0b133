import type { PlotColumn } from '../plot-data.ts'

/** The smallest and the largest value of a column that is drawn; undefined where there is none. */
export function limitsOf({ before, after }: PlotColumn): { low: number; high: number } | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const line of [before, after]) {
    if (line === undefined) continue
    for (let i = 0; i < line.rows.length; i++) {
      if (line.low[i]! < low) low = line.low[i]!
      if (line.high[i]! > high) high = line.high[i]!
    }
  }
  if (low <= high) return { low, high }
  // In a range between two rows there is nothing but the line from one to the other.
  const ends = [before, after].flatMap((line) => [line?.previous?.value, line?.next?.value])
  const known = ends.filter((value) => value !== undefined && Number.isFinite(value)) as number[]
  return known.length < 2 ? undefined : { low: Math.min(...known), high: Math.max(...known) }
}
