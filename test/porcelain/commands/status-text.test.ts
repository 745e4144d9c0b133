import { describe, expect, it } from 'vitest'
import { createStyle } from '../../../src/cli/style.ts'
import type { Id } from '../../../src/core/id.ts'
import { statusCommand } from '../../../src/porcelain/commands/status.ts'
import type { StatusResult } from '../../../src/porcelain/status.ts'

const style = createStyle({ columns: 80, terminal: false, colour: false })

function textOf(result: Partial<StatusResult>): string {
  const whole = {
    branch: 'refs/heads/main',
    head: 'a'.repeat(64) as Id,
    bare: false,
    staged: [],
    unstaged: [],
    untracked: [],
    ...result,
  }
  return statusCommand.toText!(whole, style, {})
}

const diverged = {
  short: 'origin/main',
  distance: { ahead: 1, behind: 1 },
} as unknown as NonNullable<StatusResult['tracking']>
const merging = { action: 'merge', shown: 'origin/main', todo: 0 } as const

describe('status as text', () => {
  it('says what comes next for a branch that has diverged', () => {
    const text = textOf({ tracking: diverged })
    expect(text).toContain('(use "varve pull" to merge what is there)')
    expect(text).toContain('nothing to commit, work tree clean')
  })

  it.each([[[{ series: 'a', conflicts: 1 }]], [[]]])(
    'does not tell to pull while a merge is going on, nor that there is nothing to do: %j',
    (conflicts) => {
      const text = textOf({ tracking: diverged, merging: { ...merging, conflicts } })
      expect(text).toContain("'origin/main' have diverged")
      expect(text).toContain('(use "varve merge --abort"')
      expect(text).not.toContain('varve pull')
      expect(text).not.toContain('nothing to commit')
    },
  )
})
