import type { Repository } from '../../plumbing/repository.ts'
import { throwIfInterrupted } from '../interruptible.ts'

/** Milliseconds of processor time that work goes on before keys are looked at. */
const SLICE = 4
/** Nanoseconds between looks at the processor time, each of which takes as long as reading an object. */
const BETWEEN_LOOKS = 1_500_000

/** The processor, which those who read take in turns: a slice for one of them, then keys, then the next. */
export class Turns {
  #began = now()
  #looked = process.hrtime()
  readonly #waiting: (() => void)[] = []

  /** What to wait for before going on; nothing as long as the slice is not over. */
  next(): Promise<void> | undefined {
    const [seconds, nanoseconds] = process.hrtime(this.#looked)
    if (seconds === 0 && nanoseconds < BETWEEN_LOOKS) return undefined
    this.#looked = process.hrtime()
    if (now() - this.#began < SLICE) return undefined
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) setImmediate(this.#release)
    })
  }

  readonly #release = () => {
    const go = this.#waiting.shift()
    if (this.#waiting.length > 0) setImmediate(this.#release)
    this.#began = now()
    go?.()
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
 * The same repository, for reading: whatever operation reads its objects, it does so in its turns, and ends with
 * `interrupted` at the next object once the signal is aborted.
 */
export function givingWay(repo: Repository, turns: Turns, signal: AbortSignal): Repository {
  const methods = new Map<PropertyKey, unknown>()
  const objects = new Proxy(repo.objects, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target)
      if (typeof found !== 'function') return found
      let method = methods.get(name)
      if (method === undefined) {
        method = READS.has(name)
          ? async (...given: unknown[]) => {
              const turn = turns.next()
              if (turn !== undefined) await turn
              throwIfInterrupted(signal)
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
