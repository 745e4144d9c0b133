/** Longer words are compared by this many characters: a hint is not worth more. */
const LONGEST = 120

/**
 * The candidate that `word` was most likely meant to be, for hints: the fewest letters added, left
 * out, replaced or swapped, letter case apart, and at most a third of the word. The last part of
 * a `/`-separated candidate counts as a near miss: `hourly` finds `weather/hourly`. Of equals the
 * first wins. Undefined when nothing is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase().slice(0, LONGEST)
  if (wanted === '') return undefined
  const most = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | undefined
  let bestDistance = most + 1
  for (const candidate of candidates) {
    const distance = distanceTo(wanted, candidate.toLowerCase().slice(0, LONGEST), bestDistance)
    if (distance < bestDistance && distance < wanted.length) {
      best = candidate
      bestDistance = distance
      if (distance === 0) break
    }
  }
  return best
}

function distanceTo(wanted: string, candidate: string, limit: number): number {
  const whole = editDistance(wanted, candidate, limit)
  if (whole <= 1) return whole
  const part = candidate.slice(candidate.lastIndexOf('/') + 1)
  return part === wanted ? 1 : whole
}

/** Optimal string alignment distance; `limit` when it is that or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    let least = row
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2]! + 1)
      }
      current.push(cost)
      if (cost < least) least = cost
    }
    if (least >= limit) return limit
    beforeLast = last
    last = current
  }
  return Math.min(last[b.length]!, limit)
}
