import type { Id } from '../core/id.ts'
import type { Repository } from './repository.ts'

const SHORTEST = 7

/**
 * How many digits tell this repository's ids apart, with room to grow: at least 7, and twice as
 * many bits as it takes to count the objects, as git reckons.
 */
export async function abbreviationLength(repo: Repository): Promise<number> {
  const objects = 1 + (await repo.objects.countAbout())
  return Math.max(SHORTEST, Math.ceil((Math.floor(Math.log2(objects)) + 1) / 2))
}

/** The fewest digits, but at least `length`, that mean this object and no other. */
export async function abbreviateId(
  repo: Repository,
  id: Id,
  length: number = SHORTEST,
): Promise<string> {
  const from = Math.min(Math.max(length, 4), id.length)
  const others = (await repo.objects.find(id.slice(0, from))).filter((other) => other !== id)
  const shared = others.map((other) => commonDigits(id, other))
  return id.slice(0, Math.max(from, ...shared.map((digits) => digits + 1)))
}

function commonDigits(a: string, b: string): number {
  let digits = 0
  while (digits < a.length && a[digits] === b[digits]) digits++
  return digits
}
