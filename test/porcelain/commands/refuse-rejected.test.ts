import { describe, expect, it } from 'vitest'
import type { MergeState } from '../../../src/plumbing/merge-state.ts'
import { refuseRejected } from '../../../src/porcelain/commands/refuse-rejected.ts'
import type { PushResult } from '../../../src/porcelain/push.ts'

const rejected = {
  url: '../there',
  refs: [
    {
      target: 'refs/heads/main',
      status: 'rejected',
      reason: 'non-fast-forward',
      behind: true,
    },
  ],
} as unknown as PushResult

function hintDuring(merge: Pick<MergeState, 'action' | 'shown' | 'paths'> | undefined): unknown {
  try {
    refuseRejected(rejected, merge as MergeState | undefined)
  } catch (error) {
    return (error as { hint?: string }).hint
  }
  return undefined
}

describe('a branch that was not pushed as the one there has more', () => {
  it('is to be merged first', () => {
    expect(hintDuring(undefined)).toContain('varve pull merges them')
  })

  it('waits for a merge that is going on: nothing can be pulled before', () => {
    const paths = [{ series: 'a', conflicts: 1 }] as unknown as MergeState['paths']
    expect(hintDuring({ action: 'merge', shown: 'origin/main', paths })).toBe(
      'a merge of origin/main is not concluded: varve merge --resolve ours|theirs|FILE settles its conflicts, ' +
        'varve merge --continue concludes it, varve merge --abort takes it back; then push again',
    )
    expect(hintDuring({ action: 'revert', shown: 'v1', paths: [] })).toBe(
      'a revert of v1 is not concluded: varve revert --continue concludes it, varve revert --abort takes it back; ' +
        'then push again',
    )
  })
})
