import type { Peers } from './peers/peers.ts'
import type { Row } from './table.ts'

/** What a suite is run with. */
export interface SuiteContext {
  /** An empty folder of its own, which is gone afterwards. */
  readonly folder: string
  /** Rows of the large tables; suites that need more or fewer scale by it. */
  readonly rows: number
  /** How often each measurement is taken; the median counts. */
  readonly runs: number
  readonly peers: Peers
}

/** A figure that is to be reached, and how far it was. */
export interface Target {
  readonly what: string
  readonly most: number
  readonly reached: number
  /** Of a time: the same in CPU time, which other work on the machine leaves as it is. */
  readonly reachedCpu?: number
  /** Of both figures; a ratio is varve's share of what the peer takes. */
  readonly unit: 'ratio' | 'bytes' | 'seconds'
}

export interface SuiteResult {
  readonly rows: readonly Row[]
  readonly targets?: readonly Target[]
  /** Where `rows` cannot say it all. */
  readonly table?: string
  /** What takes how long as the work grows, by the name of its line. */
  readonly growth?: readonly GrowthLine[]
}

/** The CPU time that something takes at several sizes of the work. */
export interface GrowthLine {
  readonly what: string
  /** What the size counts: rows, commits, series. */
  readonly of: string
  readonly points: readonly { readonly size: number; readonly seconds: number }[]
}

/** Lines of CPU time of rows that are called `WHAT, SIZE OF`. */
export function findGrowth(
  rows: readonly Row[],
  names: readonly string[],
  of: string,
  sizes: readonly number[],
): GrowthLine[] {
  const seconds = new Map(rows.map((row) => [row.what, row.cpuSeconds]))
  return names.map((what) => ({
    what,
    of,
    points: sizes.flatMap((size) => {
      const found = seconds.get(`${what}, ${size.toLocaleString('en-US')} ${of}`)
      return found === undefined ? [] : [{ size, seconds: found }]
    }),
  }))
}

export interface Suite {
  readonly name: string
  readonly about: string
  /** Rows for which its targets are set; they are not told for fewer. */
  readonly targetRows?: number
  run(context: SuiteContext): Promise<SuiteResult> | SuiteResult
}
