import { describe, expect, it } from 'vitest'
import { hashObject, type Id } from '../../src/core/id.ts'
import { BYTES_DELTA, ROWS_DELTA } from '../../src/storage/pack-encoding.ts'
import type { PackRecord } from '../../src/storage/pack-record.ts'
import { isKeptValue, ValueCache } from '../../src/storage/value-cache.ts'

const idOf = (name: string): Id => hashObject('blob', Buffer.from(name))

function linkOf(name: string, options: Partial<PackRecord> = {}): PackRecord {
  const body = Uint8Array.of(1, 2, 3)
  return { id: idOf(name), kind: 'column', method: ROWS_DELTA, length: 99, body, ...options }
}

describe('values that are kept', () => {
  it('are the one that was asked for and each sixteenth, and those before it where somebody goes back', () => {
    const kept = (all: boolean): number[] =>
      Array.from({ length: 40 }, (_, depth) => depth).filter((depth) =>
        isKeptValue(depth, 39 - depth, all),
      )
    expect(kept(false)).toEqual([0, 16, 32, 39])
    expect(kept(true)).toEqual([0, 16, ...Array.from({ length: 16 }, (_, i) => 24 + i)])
  })

  it('are begun with for the third time where somebody goes back', () => {
    const cache = new ValueCache(1000)
    const [one, other] = [idOf('one'), idOf('other')]
    const asked = [one, one, other, one, other, one].map((id) => cache.startsAgain(id))
    expect(asked).toEqual([false, false, false, true, false, true])
    cache.clear()
    expect(cache.startsAgain(one)).toBe(false)
  })
})

describe('whole values that others are made of', () => {
  it('are kept the second time, unless so many were begun with since that they would have gone', () => {
    const cache = new ValueCache(1000)
    const names = ['a', 'b', 'c', 'd', 'e']
    const begin = (name: string): boolean => cache.beginsAgain(idOf(name), 300)
    expect([...names, ...names].map(begin)).toEqual(new Array(10).fill(false))
    expect(['e', 'd', 'c', 'b', 'e'].map(begin)).toEqual([true, true, true, false, false])
    cache.clear()
    expect(begin('b')).toBe(false)
  })

  it('are remembered to have been begun with for some thousand others, however short', () => {
    const cache = new ValueCache(1e9)
    for (let i = 0; i < 5000; i++) cache.beginsAgain(idOf(`${i}`), 1)
    expect([cache.beginsAgain(idOf('100'), 1), cache.beginsAgain(idOf('4900'), 1)]).toEqual([
      false,
      true,
    ])
  })
})

describe('differences that are kept', () => {
  it('are the short ones of rows, as they were, in memory of their own', () => {
    const cache = new ValueCache(1000)
    const stored = new Uint8Array(1000).fill(7)
    cache.addLink(linkOf('short', { body: stored.subarray(10, 13) }))
    cache.addLink(linkOf('long', { body: stored }))
    cache.addLink(linkOf('bytes', { method: BYTES_DELTA }))
    stored.fill(0)
    const { body } = cache.linkOf(idOf('short'))!
    expect([...body]).toEqual([7, 7, 7])
    expect(body.buffer.byteLength).toBe(3)
    expect([cache.linkOf(idOf('long')), cache.linkOf(idOf('bytes'))]).toEqual([
      undefined,
      undefined,
    ])
  })

  it('are no more than some thousand', () => {
    const cache = new ValueCache(1000)
    const names = Array.from({ length: 10_000 }, (_, i) => `${i}`)
    for (const name of names) cache.addLink(linkOf(name))
    const found = names.filter((name) => cache.linkOf(idOf(name)) !== undefined)
    expect(found.length).toBeLessThanOrEqual(4096)
    expect(found.at(-1)).toBe(names.at(-1))
    cache.clear()
    expect(cache.linkOf(idOf(names.at(-1)!))).toBeUndefined()
  })
})
