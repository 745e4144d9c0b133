import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import { isSimilar } from './series-similarity.ts'
import type { TreeChange } from './tree.ts'

export interface Renames {
  /** What a path was called before. */
  readonly from: ReadonlyMap<string, string>
  /** What a path is called now. */
  readonly to: ReadonlyMap<string, string>
}

/** Pairs of series that are compared at most to find one that was renamed and changed, too. */
const MOST_PAIRS = 1000

interface Place {
  readonly path: string
  readonly id: Id
}

/** A path where a series went, and one where it may be now. */
type Pair = readonly [gone: string, came: string]

/**
 * Series that went at one path and came at another: as they were, or else with half of their rows the
 * same. Where several may be the same series, those whose names end alike are; what is in doubt after
 * that was deleted, and added. Where there are more than 1,000 pairs to compare, only those that are the
 * same are found.
 *
 * @param isWanted which paths that went are to be looked for; all unless given. Others may be found, too
 */
export async function findRenames(
  reader: ObjectReader,
  changes: Iterable<TreeChange>,
  isWanted: (path: string) => boolean = () => true,
): Promise<Renames> {
  const from = new Map<string, string>()
  const to = new Map<string, string>()
  const note = (pairs: Iterable<Pair>) => {
    for (const [old, fresh] of pairs) {
      from.set(fresh, old)
      to.set(old, fresh)
    }
  }
  const gone: Place[] = []
  const came: Place[] = []
  for (const [id, paths] of movesById(changes)) {
    const pairs = pairMoved(paths.gone, paths.came)
    note(pairs)
    const went = paths.gone.filter((path) => !to.has(path))
    const arrived = paths.came.filter((path) => !from.has(path))
    if (went.length > 0 && arrived.length > 0) continue
    for (const path of went) gone.push({ path, id })
    for (const path of arrived) came.push({ path, id })
  }
  const wanted = gone.filter(({ path }) => isWanted(path))
  if (wanted.length * came.length > MOST_PAIRS) return { from, to }
  const similar = await similarPairs(reader, wanted, came)
  // What a wanted series may have become counts only if no other may have become it.
  const found = new Set(similar.map(([, fresh]) => fresh))
  const near = came.filter(({ path }) => found.has(path))
  const others = gone.filter(({ path }) => !isWanted(path))
  if (wanted.length * came.length + others.length * near.length > MOST_PAIRS) return { from, to }
  note(pairAlone([...similar, ...(await similarPairs(reader, others, near))]))
  return { from, to }
}

/**
 * Pairs paths of one and the same series that went and came. Of several, those are a pair whose names end
 * alike, with the most parts first; of what is left, only one and one.
 */
export function pairMoved(gone: readonly string[], came: readonly string[]): Pair[] {
  const pairs: Pair[] = []
  let [went, arrived] = [gone, came]
  for (let parts = mostParts(gone, came); parts >= 0; parts--) {
    if (went.length === 0 || arrived.length === 0) break
    const before = byEnd(went, parts)
    const after = byEnd(arrived, parts)
    const paired = new Set<string>()
    for (const [end, olds] of before) {
      const news = after.get(end) ?? []
      if (olds.length !== 1 || news.length !== 1) continue
      pairs.push([olds[0]!, news[0]!])
      paired.add(end)
    }
    if (paired.size === 0) continue
    went = went.filter((path) => !paired.has(endOf(path, parts)))
    arrived = arrived.filter((path) => !paired.has(endOf(path, parts)))
  }
  return pairs
}

/** As {@link pairMoved}, of what may be pairs. */
function pairAlone(candidates: readonly Pair[]): Pair[] {
  const pairs: Pair[] = []
  let left = candidates
  const most = mostParts(
    left.map(([old]) => old),
    left.map(([, fresh]) => fresh),
  )
  for (let parts = most; parts >= 0 && left.length > 0; parts--) {
    const alike = left.filter(([old, fresh]) => endOf(old, parts) === endOf(fresh, parts))
    const counts = new Map<string, number>()
    const gone = new Set<string>()
    const came = new Set<string>()
    for (const [old, fresh] of alike) {
      counts.set(`-${old}`, (counts.get(`-${old}`) ?? 0) + 1)
      counts.set(`+${fresh}`, (counts.get(`+${fresh}`) ?? 0) + 1)
    }
    for (const pair of alike) {
      const [old, fresh] = pair
      if (counts.get(`-${old}`) !== 1 || counts.get(`+${fresh}`) !== 1) continue
      pairs.push(pair)
      gone.add(old)
      came.add(fresh)
    }
    left = left.filter(([old, fresh]) => !gone.has(old) && !came.has(fresh))
  }
  return pairs
}

function movesById(changes: Iterable<TreeChange>): Map<Id, { gone: string[]; came: string[] }> {
  const byId = new Map<Id, { gone: string[]; came: string[] }>()
  const at = (id: Id) => {
    const known = byId.get(id) ?? { gone: [], came: [] }
    byId.set(id, known)
    return known
  }
  for (const { path, old, new: fresh } of changes) {
    if (old?.kind === 'series' && fresh === undefined) at(old.id).gone.push(path)
    else if (old === undefined && fresh?.kind === 'series') at(fresh.id).came.push(path)
  }
  return byId
}

async function similarPairs(
  reader: ObjectReader,
  gone: readonly Place[],
  came: readonly Place[],
): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (const old of gone) {
    for (const fresh of came) {
      if (await isSimilar(reader, old.id, fresh.id)) pairs.push([old.path, fresh.path])
    }
  }
  return pairs
}

/** The last parts of a path; all that it has where it has no more. */
function endOf(path: string, parts: number): string {
  return parts === 0 ? '' : path.split('/').slice(-parts).join('/')
}

function byEnd(paths: readonly string[], parts: number): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const path of paths) {
    const end = endOf(path, parts)
    const known = found.get(end)
    if (known === undefined) found.set(end, [path])
    else known.push(path)
  }
  return found
}

/** Of how many parts the ends of both can be. */
function mostParts(gone: readonly string[], came: readonly string[]): number {
  // One and one are a pair, however they end.
  if (gone.length < 2 && came.length < 2) return 0
  const most = (paths: readonly string[]) =>
    paths.reduce((parts, path) => Math.max(parts, path.split('/').length), 0)
  return Math.min(most(gone), most(came))
}
