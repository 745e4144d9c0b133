// A screen as tmux captures it, with its escape sequences, as a picture.

const CELL = { width: 8.4, height: 18 }
const MARGIN = 12
const COLOURS = [
  '#2e3436',
  '#ef5b5b',
  '#8ae234',
  '#fce94f',
  '#729fcf',
  '#c48fc0',
  '#34e2e2',
  '#d3d7cf',
]
const FOREGROUND = '#d3d7cf'
const BACKGROUND = '#16191d'

/**
 * @param {string} screen lines of text with SGR sequences
 * @param {{ columns: number, rows: number, title: string }} options
 */
export function screenSvg(screen, { columns, rows, title }) {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN)
  const height = rows * CELL.height + 2 * MARGIN
  const parts = screen
    .split('\n')
    .slice(0, rows)
    .flatMap((line, row) => lineParts(line, row))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`,
    ...parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

/** Runs of cells that look the same: a background, what is drawn, and text. */
function lineParts(line, row) {
  const parts = []
  let look = { bold: false, underlined: false, inverse: false, colour: undefined }
  let column = 0
  for (const [, codes, text] of line.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)|\x1b[()]?./g)) {
    if (codes !== undefined) look = changed(look, codes)
    if (text === undefined) continue
    const cells = [...text]
    parts.push(...runParts(cells, look, column, row))
    column += cells.length
  }
  return parts
}

function runParts(cells, look, column, row) {
  const plain = look.colour === undefined ? FOREGROUND : COLOURS[look.colour]
  const [ink, paper] = look.inverse ? [BACKGROUND, plain] : [plain, undefined]
  const x = MARGIN + column * CELL.width
  const y = MARGIN + row * CELL.height
  const parts = []
  if (paper !== undefined) parts.push(rect(x, y, cells.length * CELL.width, CELL.height, paper))
  const drawn = cells.map((cell, at) => drawing(cell, x + at * CELL.width, y, ink))
  parts.push(...drawn.filter((part) => part !== undefined))
  const text = cells.map((cell, at) => (drawn[at] === undefined ? cell : ' ')).join('')
  for (const { 0: word, index } of text.matchAll(/\S+(?: \S+)*/g)) {
    const at = x + [...text.slice(0, index)].length * CELL.width
    const length = [...word].length * CELL.width
    const style = `${look.bold ? ' font-weight="bold"' : ''}${look.underlined ? ' text-decoration="underline"' : ''}`
    parts.push(
      `<text x="${short(at)}" y="${short(y + 13.5)}" textLength="${short(length)}" fill="${ink}"${style}>${escaped(word)}</text>`,
    )
  }
  return parts
}

/** Dots, blocks and lines, which fonts have in other sizes; undefined for text. */
function drawing(cell, x, y, ink) {
  const code = cell.codePointAt(0)
  const { width, height } = CELL
  if (code > 0x2800 && code < 0x2900) {
    const dots = []
    for (let bit = 0; bit < 8; bit++) {
      if ((((code - 0x2800) >> bit) & 1) === 0) continue
      const [across, down] = bit < 6 ? [bit < 3 ? 0 : 1, bit % 3] : [bit - 6, 3]
      dots.push(
        `M${short(x + width * (0.28 + 0.46 * across))} ${short(y + height * (0.125 + 0.25 * down))}h0`,
      )
    }
    return `<path d="${dots.join('')}" stroke="${ink}" stroke-width="2.6" stroke-linecap="round"/>`
  }
  if (code >= 0x2588 && code <= 0x258f) {
    return rect(x, y + 3, (width * (0x2590 - code)) / 8, height - 6, ink)
  }
  const arms = ARMS.get(cell)
  if (arms === undefined) return undefined
  const [cx, cy] = [x + width / 2, y + height / 2]
  const ends = { u: [cx, y], d: [cx, y + height], l: [x, cy], r: [x + width, cy] }
  const path = [...arms].map(
    (arm) => `M${short(cx)} ${short(cy)}L${ends[arm].map(short).join(' ')}`,
  )
  return `<path d="${path.join('')}" stroke="${ink}" stroke-width="1.2"/>`
}

/** From the middle up, down, left, right. */
const ARMS = new Map(
  Object.entries({
    '─': 'lr',
    '│': 'ud',
    '┊': 'ud',
    '┤': 'udl',
    '├': 'udr',
    '┬': 'dlr',
    '┴': 'ulr',
    '┼': 'udlr',
    '└': 'ur',
    '┘': 'ul',
    '┌': 'dr',
    '┐': 'dl',
    '╮': 'dl',
    '╯': 'ul',
    '╭': 'dr',
    '╰': 'ur',
  }),
)

function changed(look, codes) {
  let next = look
  for (const code of (codes === '' ? '0' : codes).split(';').map(Number)) {
    if (code === 0) next = { bold: false, underlined: false, inverse: false, colour: undefined }
    else if (code === 1) next = { ...next, bold: true }
    else if (code === 22) next = { ...next, bold: false }
    else if (code === 4) next = { ...next, underlined: true }
    else if (code === 24) next = { ...next, underlined: false }
    else if (code === 7) next = { ...next, inverse: true }
    else if (code === 27) next = { ...next, inverse: false }
    else if (code >= 30 && code <= 37) next = { ...next, colour: code - 30 }
    else if (code >= 90 && code <= 97) next = { ...next, colour: code - 90 }
    else if (code === 39) next = { ...next, colour: undefined }
  }
  return next
}

function rect(x, y, width, height, fill) {
  return `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" fill="${fill}"/>`
}

const short = (number) => String(Math.round(number * 10) / 10)

const escaped = (text) =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign],
  )
