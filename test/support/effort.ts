/** How far searches go: `quick` where the same search runs elsewhere too, `nightly` for hours. */
export interface Effort {
  readonly quick: number
  readonly usual: number
  readonly nightly: number
}

/** The count that the mode of this run asks for: `npm test`, the newer Node's, `npm run test:nightly`. */
export function effort(counts: Effort): number {
  const mode = process.env.VARVE_TEST_EFFORT
  return mode === 'quick' || mode === 'nightly' ? counts[mode] : counts.usual
}

/** Milliseconds that a search may take: at night it goes on for hours. */
export const SEARCH_LIMIT = effort({ quick: 120_000, usual: 120_000, nightly: 86_400_000 })
