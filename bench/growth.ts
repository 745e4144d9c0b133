import type { GrowthLine } from './suite.ts'

const PANEL = { width: 460, height: 340, left: 58, right: 150, top: 30, bottom: 34 }
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#e07b00', '#178f9c', '#8c564b']
const LABEL_HEIGHT = 13

/**
 * The CPU time of things as the work grows, a panel for each thing that grows, as SVG. Both axes are
 * logarithmic and have decades of the same shape: what is flat does not grow, what is parallel to the
 * dotted line is linear.
 */
export function formatGrowth(lines: readonly GrowthLine[]): string {
  const growing = [...new Set(lines.map((line) => line.of))]
  const panels = growing.map((of, i) => {
    const own = lines.filter((line) => line.of === of)
    return `<g transform="translate(${i * PANEL.width})">${formatPanel(of, own)}</g>`
  })
  const width = Math.max(1, panels.length) * PANEL.width
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${PANEL.height}" font-family="sans-serif" font-size="11" fill="#333">`,
    `<title>CPU time as ${growing.join(', ')} grow</title>`,
    `<rect width="${width}" height="${PANEL.height}" fill="#fff"/>`,
    ...panels,
    '</svg>\n',
  ].join('\n')
}

function formatPanel(of: string, lines: readonly GrowthLine[]): string {
  const points = lines.flatMap((line) => line.points)
  const [left, right] = [PANEL.left, PANEL.width - PANEL.right]
  const [top, bottom] = [PANEL.top, PANEL.height - PANEL.bottom]
  const x = axis(
    points.map(({ size }) => size),
    left,
    right,
  )
  const y = axis(
    points.map(({ seconds }) => seconds),
    bottom,
    top,
  )
  const labels = spread(
    lines.map((line) => y.place(line.points.at(-1)!.seconds)),
    LABEL_HEIGHT,
  )
  return [
    text(`CPU time as ${of} grow`, left, top - 12, 'start', ' font-weight="bold"'),
    ...x.decades.flatMap((size) => [
      line(x.place(size), top, x.place(size), bottom, '#e4e4e4'),
      text(shortNumber(size), x.place(size), bottom + 18, 'middle'),
    ]),
    ...y.decades.flatMap((seconds) => [
      line(left, y.place(seconds), right, y.place(seconds), '#e4e4e4'),
      text(duration(seconds), left - 6, y.place(seconds) + 4, 'end'),
    ]),
    linear(x, y),
    ...lines.map(({ what, points }, i) => {
      const colour = COLOURS[i % COLOURS.length]!
      const places = points.map(({ size, seconds }) => [x.place(size), y.place(seconds)] as const)
      const [, end] = places.at(-1)!
      const path = places.map(([px, py]) => `${round(px)},${round(py)}`).join(' ')
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...places.map(
          ([cx, cy]) => `<circle cx="${round(cx)}" cy="${round(cy)}" r="3" fill="${colour}"/>`,
        ),
        line(right + 4, end, right + 14, labels[i]!, colour),
        text(what, right + 18, labels[i]! + 4, 'start', ` style="fill:${colour}"`),
      ].join('')
    }),
  ].join('\n')
}

interface Axis {
  readonly decades: readonly number[]
  place(value: number): number
}

/** A logarithmic axis over whole decades. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9)
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9))
  return {
    decades: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    place: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
  }
}

/** A dotted line of what is linear, from the lower left corner as far as both axes go. */
function linear(x: Axis, y: Axis): string {
  const decades = Math.min(x.decades.length, y.decades.length) - 1
  const [x1, y1] = [x.place(x.decades[0]!), y.place(y.decades[0]!)]
  const [x2, y2] = [x.place(x.decades[decades]!), y.place(y.decades[decades]!)]
  const dotted = line(x1, y1, x2, y2, '#999').replace('/>', ' stroke-dasharray="2 4"/>')
  return dotted + text('linear', x1 + 14, y1 - 4, 'start', ' fill="#999"')
}

/** Heights of labels near those wanted, so far apart that none hides another. */
function spread(wanted: readonly number[], apart: number): number[] {
  const order = [...wanted.keys()].sort((a, b) => wanted[a]! - wanted[b]!)
  const placed = [...wanted]
  for (const [i, at] of order.entries()) {
    if (i > 0) placed[at] = Math.max(placed[at]!, placed[order[i - 1]!]! + apart)
  }
  return placed
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="${colour}"/>`
}

function text(content: string, x: number, y: number, anchor: string, more = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${more}>${escaped}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function shortNumber(size: number): string {
  return size >= 1e6 ? `${size / 1e6} M` : size.toLocaleString('en-US')
}

function duration(seconds: number): string {
  if (seconds >= 1) return `${seconds} s`
  if (seconds >= 1e-3) return `${+(seconds * 1e3).toPrecision(3)} ms`
  return `${+(seconds * 1e6).toPrecision(3)} µs`
}
