/** Requests that an address may make at once, and how many more each second. */
const BURST = 400
const EACH_SECOND = 100
/** What a token that is not known costs: 20 of them use up the burst. */
export const WRONG_TOKEN = 20
/** Addresses that are remembered; a full allowance need not be. */
const MOST_ADDRESSES = 10_000

interface Allowance {
  left: number
  at: number
}

/** Counts what each address asks for: an allowance that is used up grows back with time. */
export class Rates {
  readonly #allowances = new Map<string, Allowance>()

  /**
   * Whether the address may do something that costs this much; if so, it has.
   *
   * @param now in milliseconds
   */
  spend(address: string, cost: number, now: number): boolean {
    const known = this.#allowances.get(address)
    const left =
      known === undefined
        ? BURST
        : Math.min(BURST, known.left + ((now - known.at) / 1000) * EACH_SECOND)
    this.#allowances.delete(address)
    const isEnough = left >= cost
    this.#allowances.set(address, { left: isEnough ? left - cost : Math.max(0, left), at: now })
    if (this.#allowances.size > MOST_ADDRESSES) {
      this.#allowances.delete(this.#allowances.keys().next().value!)
    }
    return isEnough
  }
}
