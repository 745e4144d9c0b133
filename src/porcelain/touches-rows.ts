import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { readCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { readSeries } from '../core/series.ts'
import { anyDifference } from '../core/series-diff.ts'
import { diffTree } from '../plumbing/diff-tree.ts'
import { treeOf } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { zoneOfEither } from '../plumbing/series-zone.ts'
import type { WalkedCommit } from '../plumbing/walk-commits.ts'
import { withRenames } from './renamed-series.ts'
import { changedSeries } from './tree-stat.ts'

const NO_SUCH_KEY = ['usage', 'invalid-value', 'invalid-date'] as const

export interface TouchesRows {
  /** Whether a commit changed a row in the range; a merge did where it is unlike each of its parents there. */
  test(walked: WalkedCommit, paths: readonly string[]): Promise<boolean>
  /** Why the bounds mean nothing to the series that were looked at; undefined where they did to one. */
  fault(): VarveError | undefined
}

/**
 * Tests for commits that changed rows in a range of keys. Reads the trees of names and of segments that differ,
 * and keys and values only where a segment is in the range in part.
 */
export function touchesRows(repo: Repository, bounds: BoundTexts): TouchesRows {
  let fault: VarveError | undefined
  let understood = false
  const differs = async (
    old: Id | undefined,
    fresh: Id,
    paths: readonly string[],
  ): Promise<boolean> => {
    const before = await treeOf(repo.objects, old)
    const all = diffTree(repo.objects, before, fresh, { recursive: true, paths })
    for await (const change of withRenames(repo.objects, all)) {
      const sides = changedSeries(change)
      const id = sides.new ?? sides.old
      if (id === undefined || sides.new === sides.old) continue
      const { schema } = await readSeries(repo.objects, id)
      const zone = await zoneOfEither(repo.objects, [fresh, before], change.path)
      try {
        const range = boundsFor(schema, bounds, zone)
        understood = true
        if (await anyDifference(repo.objects, sides.old, sides.new, range)) return true
      } catch (error) {
        // Series of other keys have no such rows.
        if (!(error instanceof VarveError) || !NO_SUCH_KEY.some((code) => hasCode(error, code))) {
          throw error
        }
        fault ??= error
      }
    }
    return false
  }
  return {
    async test({ commit: { tree, parents } }, paths) {
      if (parents.length === 0) return differs(undefined, tree, paths)
      for (const parent of parents) {
        if ((await readCommit(repo.objects, parent)).tree === tree) return false
        if (!(await differs(parent, tree, paths))) return false
      }
      return true
    },
    fault: () => (understood ? undefined : fault),
  }
}
