import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readFileSync, writeSync } from 'node:fs'

/** Rows written at a time. */
const BLOCK = 50_000

/** Writes a table of as many rows: a value each second that wanders by cents. */
export function writeSensorFile(path: string, rows: number): void {
  const file = openSync(path, 'w')
  try {
    writeSync(file, 'time,value\n')
    let state = 1
    let cents = 2_000
    for (let row = 0; row < rows; ) {
      let text = ''
      for (const end = Math.min(rows, row + BLOCK); row < end; row++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        cents += (state >>> 29) - 3
        const time = new Date(1_735_689_600_000 + row * 1_000).toISOString()
        text += `${time.slice(0, 19)}Z,${cents / 100}\n`
      }
      writeSync(file, text)
    }
  } finally {
    closeSync(file)
  }
}

/** Writes the rows of a table, the last row first. */
export function reverseFile(from: string, to: string): void {
  const bytes = readFileSync(from)
  const header = bytes.indexOf(10) + 1
  const file = openSync(to, 'w')
  try {
    writeSync(file, bytes.subarray(0, header))
    for (let end = bytes.length; end > header; ) {
      const start = Math.max(header, bytes.indexOf(10, Math.max(0, end - 1_000_000)) + 1)
      const lines = bytes.subarray(start, end).toString().trimEnd().split('\n')
      writeSync(file, `${lines.reverse().join('\n')}\n`)
      end = start
    }
  } finally {
    closeSync(file)
  }
}

export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array)
  return hash.digest('hex')
}
