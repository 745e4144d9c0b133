import type { ChartMarks } from './chart-marks.ts'
import { shareOf } from './share-of.ts'

const BLOCKS: Readonly<Record<ChartMarks, string>> = { braille: '▁▂▃▄▅▆▇█', ascii: '_.-~=+*#' }

/**
 * Numbers as a line of bars, one a character, from the smallest to the largest; of more numbers than
 * characters each bar is that which is furthest from the mean. What is no finite number is a space.
 */
export function sparkline(
  values: ArrayLike<number>,
  { width = values.length, marks }: { readonly width?: number; readonly marks: ChartMarks },
): string {
  const blocks = [...BLOCKS[marks]]
  const finite = Array.from(values).filter((value) => Number.isFinite(value))
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const mean = finite.reduce((sum, value) => sum + value / finite.length, 0)
  const columns = Math.min(width, values.length)
  return Array.from({ length: columns }, (_, at) => {
    const from = Math.floor((at * values.length) / columns)
    const to = Math.floor(((at + 1) * values.length) / columns)
    let shown = Number.NaN
    for (let i = from; i < to; i++) {
      const value = values[i]!
      if (!Number.isFinite(value)) continue
      if (!(Math.abs(value - mean) <= Math.abs(shown - mean))) shown = value
    }
    if (Number.isNaN(shown)) return ' '
    const share = shareOf(low, high, shown)
    return blocks[Math.min(blocks.length - 1, Math.floor(share * blocks.length))]!
  }).join('')
}
