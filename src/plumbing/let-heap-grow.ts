import { setFlagsFromString } from 'node:v8'
import { VarveError } from '../core/errors.ts'

/** The newest Node that is known to have V8's own flags as they are used here: they are promised to nobody. */
export const NEWEST_KNOWN = 24

/**
 * Lets V8's heap grow by so many percent of what is alive before all of it is collected. It holds for the whole process,
 * from now on; later versions of Node are left as they are.
 *
 * Columns lie outside the heap, and V8 counts them to it: with its own measure it marks a small heap anew for every few
 * megabytes that are read or written. Of a program that reads ten million rows that is a quarter of the processor
 * time. In return a program that holds much memory of its own may take up to four times as much, with 300.
 *
 * @param percent a whole number; less than V8's own saves memory. `bad-input` where it is none
 */
export function letHeapGrow(percent = 300): void {
  if (!Number.isSafeInteger(percent) || percent < 0) {
    throw new VarveError('bad-input', `${percent} is no whole number of percent`)
  }
  if (Number.parseInt(process.versions.node, 10) > NEWEST_KNOWN) return
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}
