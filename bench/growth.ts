import type { GrowthLine } from './suite.ts'

const WIDTH = 640
const HEIGHT = 400
const MARGIN = { left: 64, right: 190, top: 20, bottom: 44 }
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf', '#8c564b']

/** What things cost as the work grows, both axes logarithmic: a line that rises by one as it goes by one is linear. */
export function formatGrowth(lines: readonly GrowthLine[]): string {
  const points = lines.flatMap((line) => line.points)
  const [sizes, seconds] = [points.map((point) => point.size), points.map((point) => point.seconds)]
  const x = axis(sizes, MARGIN.left, WIDTH - MARGIN.right)
  const y = axis(seconds, HEIGHT - MARGIN.bottom, MARGIN.top)
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right]
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom]
  const grid = [
    ...x.decades.map((size) => {
      const at = x.place(size)
      return `<path d="M${at} ${top}V${bottom}"/><text x="${at}" y="${bottom + 16}" text-anchor="middle">${short(size)}</text>`
    }),
    ...y.decades.map((value) => {
      const at = y.place(value)
      return `<path d="M${left} ${at}H${right}"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${duration(value)}</text>`
    }),
  ]
  const drawn = lines.map((line, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const places = line.points.map(({ size, seconds }) => `${x.place(size)},${y.place(seconds)}`)
    const labelY = top + 14 + 18 * i
    return [
      `<polyline points="${places.join(' ')}" stroke="${colour}"/>`,
      ...places.map((place) => {
        const [cx, cy] = place.split(',')
        return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`
      }),
      `<path d="M${right + 10} ${labelY - 4}h16" stroke="${colour}"/>`,
      `<text x="${right + 31}" y="${labelY}">${escapeXml(line.what)}</text>`,
    ].join('')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<g stroke="#ddd">${grid.join('')}</g>`.replaceAll('<text', '<text stroke="none" fill="#444"'),
    `<g fill="none" stroke-width="2">${drawn.join('')}</g>`.replaceAll(
      '<text',
      '<text stroke="none" fill="#222"',
    ),
    `<text x="${(left + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle" fill="#222">${escapeXml([...new Set(lines.map((line) => line.of))].join(', '))}</text>`,
    '</svg>\n',
  ].join('\n')
}

/** A logarithmic axis over whole decades. */
function axis(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  return {
    decades: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    place: (value: number): string =>
      (from + ((Math.log10(value) - low) / (high - low)) * (to - from)).toFixed(1),
  }
}

function short(size: number): string {
  if (size >= 1e6) return `${size / 1e6} M`
  return size.toLocaleString('en-US')
}

function duration(seconds: number): string {
  if (seconds >= 1) return `${seconds} s`
  if (seconds >= 1e-3) return `${+(seconds * 1e3).toPrecision(3)} ms`
  return `${+(seconds * 1e6).toPrecision(3)} µs`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
