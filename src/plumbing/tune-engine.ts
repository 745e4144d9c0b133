import { setFlagsFromString } from 'node:v8'
import { VarveError } from '../core/errors.ts'

/** The newest Node that is known to have V8's own flags as they are used here: they are promised to nobody. */
export const NEWEST_KNOWN = 24

export interface EngineOptions {
  /**
   * By how many percent of what is alive V8's heap may grow before all of it is collected: 300 where nothing is said,
   * so that a program that holds much memory of its own may take up to four times as much. V8's own measure is less.
   */
  readonly heapGrowth?: number
}

interface EngineFlag {
  readonly flag: string
  /** The newest Node that it is meant for. */
  readonly until: number
}

/**
 * Sets V8 up for tables of millions of rows, as the commands do. It holds for the whole process, from now on, and for
 * threads that start later; of versions of Node that are not known nothing is changed.
 *
 * - Columns lie outside the heap, and V8 counts them to it: with its own measure it marks a small heap anew for every few
 *   megabytes that are read or written. Of a program that reads ten million rows that is a quarter of the
 *   processor time.
 * - V8 compiles once more, for speed, what ran for a while, function by function and in each thread, each with much of
 *   what it calls. Up to Node 21 it does so twice as late as by its own measure, and takes in a fifth as much: with that
 *   measure it is a third of the processor time of the first second. Later versions count calls instead.
 *
 * @throws VarveError `bad-input` where the growth is no whole number of percent
 */
export function tuneEngine({ heapGrowth = 300 }: EngineOptions = {}): void {
  if (!Number.isSafeInteger(heapGrowth) || heapGrowth < 0) {
    throw new VarveError('bad-input', `${heapGrowth} is no whole number of percent`)
  }
  setFlags([
    { flag: `--heap-growing-percent=${heapGrowth}`, until: NEWEST_KNOWN },
    // Bytes of bytecode that run before another look at a function.
    { flag: '--interrupt-budget=135168', until: 21 },
    { flag: '--max-inlined-bytecode-size-cumulative=200', until: 21 },
  ])
}

/** Sets those of these flags that are meant for this version of Node. */
export function setFlags(flags: readonly EngineFlag[]): void {
  const major = Number.parseInt(process.versions.node, 10)
  for (const { flag, until } of flags) if (major <= until) setFlagsFromString(flag)
}
