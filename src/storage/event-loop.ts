/** Signals and timers wait this long at most, in milliseconds. */
const PATIENCE = 20

let last = performance.now()

/**
 * Lets signals and timers come in when they have waited long enough. Work that only makes blocking
 * calls has to ask for it: awaiting what is done already does not.
 */
export async function letOthersRun(): Promise<void> {
  if (performance.now() - last < PATIENCE) return
  await new Promise((resolve) => setImmediate(resolve))
  last = performance.now()
}
