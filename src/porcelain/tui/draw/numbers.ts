/** `999`, `12.3k`, `4.5M`: at most five characters. */
export function shortCount(count: number): string {
  if (count < 10_000) return `${count}`
  for (const letter of ['k', 'M', 'G', 'T']) {
    count /= 1000
    if (count < 999.5) return `${count < 99.95 ? count.toFixed(1) : Math.round(count)}${letter}`
  }
  return '>999T'
}

const UNITS = [
  ['y', 365.25 * 86_400],
  ['mo', 30.4375 * 86_400],
  ['w', 7 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const

/** How long ago, in a unit of which there are two at least: `45s`, `90m`, `3d`. Nothing is in the future. */
export function age(seconds: number, now: number): string {
  const past = Math.max(0, now - seconds)
  const unit = UNITS.find(([, length]) => past >= 2 * length)
  return unit === undefined ? `${Math.floor(past)}s` : `${Math.floor(past / unit[1])}${unit[0]}`
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar for a count: ten times as much is a step longer, whatever it is. */
export function bar(count: number, largest: number, columns: number, isUnicode: boolean): string {
  if (count <= 0 || largest <= 0) return ''
  const share = Math.log1p(count) / Math.log1p(Math.max(largest, count))
  if (!isUnicode) return '#'.repeat(Math.max(1, Math.round(share * columns)))
  const eighths = Math.max(1, Math.round(share * columns * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]
}
