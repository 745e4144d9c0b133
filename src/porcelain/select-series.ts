import type { Id } from '../core/id.ts'
import { lookupPath, walkTree } from '../core/tree.ts'
import type { Repository } from '../plumbing/repository.ts'
import { seriesNotFound } from '../plumbing/resolve-object-name.ts'
import { seriesIn } from './revisions-and-series.ts'

/**
 * The series that some words mean, in any of some trees: names of series or of their files, and
 * collections for all that is in them; `.` means all. `series-not-found` with the nearest name for
 * a word that is none, which messages look for in `where`.
 */
export async function selectSeries(
  repo: Repository,
  trees: readonly Id[],
  words: readonly string[],
  where: string,
): Promise<Set<string>> {
  const selected = new Set<string>()
  for (const word of words) {
    const path = word === '.' ? '' : await seriesIn(repo, trees, word)
    if (path === undefined) throw await seriesNotFound(repo, trees[0]!, word, where)
    for (const tree of trees) {
      const entry = await lookupPath(repo.objects, tree, path)
      if (entry?.kind === 'series') selected.add(path)
      if (entry?.kind !== 'tree') continue
      const inside = path === '' ? '' : `${path.replace(/\/$/, '')}/`
      for await (const found of walkTree(repo.objects, tree, inside)) selected.add(found.path)
    }
  }
  return selected
}
