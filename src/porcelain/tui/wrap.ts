import { cutText, safeText, textWidth } from './safe-text.ts'

/**
 * Text as lines of at most so many columns, broken between words where it can be; what is unsafe to show is
 * written out. Never empty.
 */
export function wrapLines(text: string, columns: number): readonly string[] {
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .flatMap((line) => wrapLine(safeText(line), columns))
}

function wrapLine(text: string, columns: number): readonly string[] {
  if (textWidth(text) <= columns) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<= )/)) {
    if (line !== '' && textWidth(line + word.trimEnd()) > columns) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += word
    while (textWidth(line.trimEnd()) > columns) {
      const piece = cutText(line, columns, '')
      // A character that is wider than the line stands for itself.
      const taken = piece === '' ? [...line][0]! : piece
      lines.push(taken)
      line = line.slice(taken.length)
    }
  }
  if (line.trimEnd() !== '') lines.push(line.trimEnd())
  return lines
}
