import { readFileSync } from 'node:fs'
import { type ColumnType, isBytesType, type Scalar } from '../../src/core/column.ts'
import { numberRange } from '../../src/core/scalar.ts'

/** The content of a file under `test/golden/`. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8')) as T
}

/** A value as golden files write it: decimal numbers, true and false, text, binary as hex. */
export function parseGoldenValue(type: ColumnType, text: string | null): Scalar {
  if (text === null) return null
  if (type === 'bool') return text === 'true'
  if (type === 'binary') return Uint8Array.from(Buffer.from(text, 'hex'))
  if (isBytesType(type)) return text
  if (type === 'float32' || type === 'float64' || numberRange(type) !== undefined) {
    return Number(text)
  }
  return BigInt(text)
}

/**
 * The examples of a page under `docs/`: by name, the hex digits of each block that follows a line
 * `<!-- example: NAME -->`. What stands behind a `·` in a line is a note.
 */
export function documentedExamples(page: string): Map<string, string> {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const examples = new Map<string, string>()
  for (const match of text.matchAll(/<!-- example: (.+?) -->\s*```\w*\n([\s\S]*?)```/g)) {
    const digits = match[2]!
      .split('\n')
      .map((line) => line.replace(/·.*$/, ''))
      .join('')
    examples.set(match[1]!, digits.replaceAll(/\s/g, ''))
  }
  return examples
}

/** The blocks of a page that are text, by name: those that follow `<!-- text: NAME -->`. */
export function documentedTexts(page: string): Map<string, string> {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const matches = text.matchAll(/<!-- text: (.+?) -->\n```\n([\s\S]*?)```/g)
  return new Map([...matches].map(([, name, block]) => [name!, block!]))
}
