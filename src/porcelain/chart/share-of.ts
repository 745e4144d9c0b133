/**
 * How far a value is on the way from one number to another, both finite: 0 at the first, 1 at the second,
 * beyond these outside of them, 0.5 where the two are the same.
 */
export function shareOf(from: number, to: number, value: number): number {
  if (from === to) return 0.5
  const span = to - from
  if (Number.isFinite(span)) return (value - from) / span
  // Halves, as between numbers of both signs there may be more than any number; of the smallest
  // numbers there is no half.
  return (value / 2 - from / 2) / (to / 2 - from / 2)
}
