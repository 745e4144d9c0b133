import type { Repository } from '../../plumbing/repository.ts'
import { throwIfInterrupted } from '../interruptible.ts'

/** Milliseconds of processor time that work goes on before keys are looked at. */
const SLICE = 4
/** Nanoseconds between looks at the processor time, each of which takes as long as reading an object. */
const BETWEEN_LOOKS = 1_500_000

/** Work that goes on in slices, so that a key that is pressed meanwhile is heard at once. */
export class Slices {
  readonly #signal: AbortSignal
  #began = now()
  #looked = process.hrtime()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Waits where the slice is over. `interrupted` once the signal says so. */
  async next(): Promise<void> {
    const [seconds, nanoseconds] = process.hrtime(this.#looked)
    if (seconds > 0 || nanoseconds >= BETWEEN_LOOKS) {
      this.#looked = process.hrtime()
      if (now() - this.#began >= SLICE) {
        await new Promise((resolve) => setImmediate(resolve))
        this.#began = now()
      }
    }
    throwIfInterrupted(this.#signal)
  }
}

/** Milliseconds of processor time: a machine that others keep busy would else make slices of nothing. */
function now(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Methods by which operations read; each may be work for a while. */
const READS: ReadonlySet<PropertyKey> = new Set(['read', 'readAny', 'readIfPresent', 'rowsFrom'])

/**
 * The same repository, for reading: whatever operation reads its objects, it does so in slices, and ends with
 * `interrupted` at the next object once the signal is aborted.
 */
export function givingWay(repo: Repository, signal: AbortSignal): Repository {
  const slices = new Slices(signal)
  const methods = new Map<PropertyKey, unknown>()
  const objects = new Proxy(repo.objects, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target)
      if (typeof found !== 'function') return found
      let method = methods.get(name)
      if (method === undefined) {
        method = READS.has(name)
          ? async (...given: unknown[]) => {
              await slices.next()
              return Reflect.apply(found, target, given)
            }
          : found.bind(target)
        methods.set(name, method)
      }
      return method
    },
  })
  return { ...repo, objects }
}
