import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../../src/cli/parse-arguments.ts'
import { walkOf } from '../../../src/plumbing/commands/walk-options.ts'
import { addCommand } from '../../../src/porcelain/commands/add.ts'
import { indexOf } from '../../../src/porcelain/commands/changing-options.ts'
import { createCommand } from '../../../src/porcelain/commands/create.ts'
import { importGitCommand } from '../../../src/porcelain/commands/import-git.ts'
import { writeCommand } from '../../../src/porcelain/commands/write.ts'

describe('--index', () => {
  it.each([
    ['write', writeCommand],
    ['add', addCommand],
    ['create', createCommand],
    ['import git', importGitCommand],
  ])('of %s names columns, all that are given, as --columns does', async (_, command) => {
    const index = async (...given: string[]) => {
      const options = given.flatMap((text) => ['--index', text])
      const { args } = await parseArguments(command, ['s', ...options])
      return indexOf(args.index as readonly string[][])
    }
    expect(await index()).toBeUndefined()
    expect(await index('day', 'site')).toEqual(['day', 'site'])
    expect(await index('"Site, id",d')).toEqual(['Site, id', 'd'])
    await expect(index('a,,b')).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('counts of commits', () => {
  const walk = { all: false, branches: false, tags: false, remotes: false, firstParent: false }
  const counted = (maxCount?: number, skip?: number) => {
    const rest = { since: undefined, until: undefined, merges: undefined, reverse: false }
    return walkOf({ ...walk, ...rest, maxCount, skip }, { seconds: 0, offsetMinutes: 0 })
  }

  it('are whole numbers from 0 on', () => {
    expect(counted(0, 3)).toMatchObject({ maxCount: 0, skip: 3 })
    for (const bad of [-1, 1.5]) {
      expect(() => counted(bad)).toThrow(/--max-count takes a whole number/)
      expect(() => counted(undefined, bad)).toThrow(/--skip takes a whole number/)
    }
  })
})
