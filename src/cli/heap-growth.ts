import { setFlagsFromString } from 'node:v8'

/** The newest Node that is known to have the flag: it is one of V8's own, and promised to nobody. */
const LAST_KNOWN = 24

/**
 * Lets the heap grow to four times what is alive before it is collected. Columns lie outside the
 * heap; V8 counts them to it, and with its own measure marks a small heap anew for every few
 * megabytes that are read. For programs: it holds for the whole process.
 */
export function growHeapFreely(): void {
  const major = Number.parseInt(process.versions.node, 10)
  if (major <= LAST_KNOWN) setFlagsFromString('--heap-growing-percent=300')
}
