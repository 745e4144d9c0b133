import { describe, expect, it } from 'vitest'
import type { Transaction } from '../../src/storage/log-entry.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openRefLog, type RefLog } from '../../src/storage/ref-log.ts'
import { idOf, moveOf, someone } from '../support/transactions.ts'

const MAIN = 'refs/heads/main'
const nothing: Transaction = { updates: [], who: someone, message: '', packs: [] }

/** A log of two entries: a branch, and two packs of which one counts no more. */
async function someLog(): Promise<RefLog> {
  const log = openRefLog(createMemoryStorage())
  await log.append({ ...moveOf(MAIN, undefined, idOf('a')), packs: [idOf('p'), idOf('q')] })
  await log.append({ ...nothing, retiredPacks: [idOf('q')] })
  return log
}

describe('a transaction', () => {
  it.each<[string, Partial<Transaction>, string]>([
    ['a HEAD that is no name of a ref', { head: { new: 'refs/heads/a b' } }, 'invalid-name'],
    [
      'an old id that is none',
      { updates: [{ name: MAIN, old: 'x', new: undefined }] as never },
      'invalid-id',
    ],
    ['a retired pack that is none', { retiredPacks: ['x'] }, 'invalid-id'],
    ['a name of nobody', { who: { ...someone, name: 'a\nb' } }, 'bad-input'],
  ])('is refused with %s', async (_, changed, code) => {
    const log = await someLog()
    await expect(log.append({ ...nothing, ...changed })).rejects.toMatchObject({ code })
    expect((await log.state()).number).toBe(2)
  })

  it('may put HEAD on a branch, or detached on an id', async () => {
    const log = await someLog()
    for (const place of [MAIN, idOf('a')]) {
      expect(await log.append({ ...nothing, head: { new: place } })).toMatchObject({
        head: { new: place },
      })
    }
  })

  it.each([
    ['does not exist', 'refs/heads/none', idOf('a'), null],
    ['exists', MAIN, undefined, idOf('a')],
    ['has moved', MAIN, idOf('b'), idOf('a')],
  ])('is told that a ref %s', async (what, name, old, found) => {
    const log = await someLog()
    await expect(log.append(moveOf(name, old, idOf('c')))).rejects.toMatchObject({
      code: 'conflict',
      message: `${name} ${what}`,
      data: { ref: name, expected: old ?? null, found },
    })
  })

  it('cannot count a pack that was retired, nor retire one that does not count', async () => {
    const log = await someLog()
    for (const [changed, pack] of [
      [{ packs: [idOf('new'), idOf('q')] }, idOf('q')],
      [{ retiredPacks: [idOf('p'), idOf('q')] }, idOf('q')],
      [{ retiredPacks: [idOf('never')] }, idOf('never')],
    ] as const) {
      await expect(log.append({ ...nothing, ...changed })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(pack),
        data: { pack },
      })
    }
    await log.append({ ...nothing, retiredPacks: [idOf('never')] }, { after: 2 })
    expect((await log.state()).retired).toEqual(new Set([idOf('q'), idOf('never')]))
  })
})
