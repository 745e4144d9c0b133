/** Signals and timers wait this long at most, in milliseconds. */
const PATIENCE = 20

/** Milliseconds. `performance` would load a dozen of Node's modules. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

let last = now()

/**
 * Lets signals and timers come in when they have waited long enough. Work that only makes blocking
 * calls has to ask for it: awaiting what is done already does not.
 */
export async function letOthersRun(): Promise<void> {
  if (now() - last < PATIENCE) return
  await new Promise((resolve) => setImmediate(resolve))
  last = now()
}
