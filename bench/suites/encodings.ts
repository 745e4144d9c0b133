import { decodeColumnBody, encodeColumnBody } from '../../src/core/encoding/body.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { benchColumns } from '../data-columns.ts'
import type { Suite } from '../suite.ts'
import { formatCells } from '../table.ts'

/** What one column takes, and how fast it is written and read. */
export interface EncodingResult {
  readonly column: string
  readonly bytesPerValue: number
  /** As one zstd frame of level 3, for comparison. */
  readonly zstdBytesPerValue: number
  /** Canonical megabytes a second of CPU time. */
  readonly encodeSpeed: number
  readonly decodeSpeed: number
}

/** Rows of a column that is measured. */
const MOST_ROWS = 1 << 20

export const encodingsSuite: Suite = {
  name: 'encodings',
  about: 'bytes a value and speed of each kind of column, one thread',
  async run({ rows, runs }) {
    const results = await benchEncodings(Math.min(rows, MOST_ROWS), runs)
    return {
      rows: results.map(({ column, bytesPerValue }) => ({
        what: column,
        storedBytes: bytesPerValue,
      })),
      table: formatEncodings(results),
    }
  },
}

/** Measures the encodings of columns, in this process and on one thread. */
async function benchEncodings(rows: number, runs: number): Promise<EncodingResult[]> {
  const zstd = await loadZstd()
  return benchColumns(rows).map(({ name, segments }) => {
    const raw = segments.reduce((sum, { length }) => sum + length, 0)
    const bodies = segments.map((segment) => encodeColumnBody(segment, 3, zstd))
    const stored = bodies.reduce((sum, body, i) => sum + (body ?? segments[i]!).length, 0)
    const plain = segments.reduce(
      (sum, segment) => sum + (zstd.compress(segment, 3) ?? segment).length,
      0,
    )
    const encode = best(runs, () => {
      for (const segment of segments) encodeColumnBody(segment, 3, zstd)
    })
    const decode = best(runs, () => {
      for (const [i, body] of bodies.entries()) {
        if (body !== undefined) decodeColumnBody(body, segments[i]!.length, zstd)
      }
    })
    return {
      column: name,
      bytesPerValue: stored / rows,
      zstdBytesPerValue: plain / rows,
      encodeSpeed: raw / encode / 1e6,
      decodeSpeed: raw / decode / 1e6,
    }
  })
}

/** CPU seconds of the fastest of several runs: other work on the machine counts less that way. */
function best(runs: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run <= runs; run++) {
    const began = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(began)
    least = Math.min(least, (user + system) / 1e6)
  }
  return least
}

/** Results as a table in Markdown. */
function formatEncodings(results: readonly EncodingResult[]): string {
  return formatCells([
    ['encodings', 'bytes a value', 'zstd-3', 'encode MB/s', 'decode MB/s'],
    ...results.map((result) => [
      result.column,
      result.bytesPerValue.toFixed(3),
      result.zstdBytesPerValue.toFixed(3),
      result.encodeSpeed.toFixed(0),
      result.decodeSpeed.toFixed(0),
    ]),
  ])
}
