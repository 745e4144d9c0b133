import type { Patience } from './http-patience.ts'

/** Exchanges that a server runs at once. */
const MOST = 64
/** Whom a slot can be taken from: who moves fewer bytes a second of the time in which it is waited for. */
const SLOW_BELOW = 64 * 1024

interface Holder {
  readonly patience: Patience
  stop(): void
}

/**
 * The exchanges that run. Where there are as many as may be, the slowest peer makes room: many that read slowly keep nobody
 * out.
 */
export class Slots {
  readonly #holders = new Set<Holder>()

  /** Whether there is room; if so, it is taken until {@link Slots.release}. */
  take(holder: Holder): boolean {
    if (this.#holders.size >= MOST) {
      const slowest = this.#slowest()
      if (slowest === undefined) return false
      this.#holders.delete(slowest)
      slowest.stop()
    }
    this.#holders.add(holder)
    return true
  }

  release(holder: Holder): void {
    this.#holders.delete(holder)
  }

  #slowest(): Holder | undefined {
    let slowest: Holder | undefined
    let least = SLOW_BELOW
    for (const holder of this.#holders) {
      const { pace } = holder.patience
      if (pace === undefined || pace >= least) continue
      slowest = holder
      least = pace
    }
    return slowest
  }
}
