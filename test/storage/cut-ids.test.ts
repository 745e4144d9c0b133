import { describe, expect, it } from 'vitest'
import { hashObject, type Id, idToBytes, objectKinds } from '../../src/core/id.ts'
import { IdFinder, idWidth, withIds, withoutIds } from '../../src/storage/cut-ids.ts'

const idOf = (number: number): Id => hashObject('blob', Buffer.from(`${number}`))
const [one, two, other] = [idOf(1), idOf(2), idOf(3)]

function finderOf(...ids: readonly Id[]): IdFinder {
  const finder = new IdFinder()
  for (const id of ids) finder.add(id)
  return finder
}

const raw = (...parts: readonly (Id | readonly number[])[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? idToBytes(part) : Buffer.from(part))),
  )

describe('ids in an object', () => {
  it('are as text in what is text, and as bytes in all else', () => {
    const wide = objectKinds.filter((kind) => idWidth(kind) === 64)
    expect(wide).toEqual(['commit', 'tag'])
    expect(new Set(objectKinds.map(idWidth))).toEqual(new Set([32, 64]))
  })

  it('are found among bytes, with what stands before each; one that is not known is not', () => {
    const bytes = raw(one, [7, 8], two, other, two, [9], one)
    expect(finderOf(one, two).find('tree', bytes)).toEqual([
      { gap: 0, id: one },
      { gap: 2, id: two },
      { gap: 32, id: two },
      { gap: 1, id: one },
    ])
    expect(finderOf().find('tree', bytes)).toEqual([])
    expect(finderOf(one).find('tree', bytes.subarray(1, -1))).toEqual([])
  })

  it('are found among digits, where others stand before and behind them, too', () => {
    const text = `tree ${one}\nab${two}${other}c${two}${one}`
    expect(finderOf(one, two).find('commit', Buffer.from(text))).toEqual([
      { gap: 5, id: one },
      { gap: 3, id: two },
      { gap: 65, id: two },
      { gap: 0, id: one },
    ])
    expect(
      finderOf(one).find('commit', Buffer.from(`${one.slice(1)} ${one.slice(0, -1)}`)),
    ).toEqual([])
    expect(finderOf(one).find('commit', Buffer.from(one.toUpperCase()))).toEqual([])
    expect(finderOf(one).find('tree', Buffer.from(text))).toEqual([])
    expect(finderOf(one).find('commit', raw(one))).toEqual([])
  })

  it.each(['tree', 'tag'] as const)(
    'may be one more than those that are known, in a %s',
    (kind) => {
      const put = (...parts: (Id | number[])[]) =>
        kind === 'tree'
          ? raw(...parts)
          : Buffer.from(parts.map((p) => (typeof p === 'string' ? p : '.')).join(''))
      const finder = finderOf(one)
      const bytes = put(one, [5], other, two)
      const found = finder.find(kind, bytes, other)
      expect(found).toEqual([
        { gap: 0, id: one },
        { gap: 1, id: other },
      ])
      expect(finder.find(kind, bytes)).toEqual(found.slice(0, 1))
    },
  )

  it('are found however many are known', () => {
    const ids = Array.from({ length: 6000 }, (_, number) => idOf(number))
    const known = ids.filter((_, number) => number % 2 === 0)
    const finder = finderOf(...known, ...Array.from({ length: 3000 }, (_, i) => idOf(-1 - i)))
    const found = finder.find('columns', raw(...ids))
    expect(found.map(({ id }) => id)).toEqual(known)
    expect(new Set(found.slice(1).map(({ gap }) => gap))).toEqual(new Set([32]))
  })
})

describe('an object without its ids', () => {
  const cuts = [
    { gap: 2, id: one },
    { gap: 0, id: two },
    { gap: 1, id: one },
  ]
  const rest = Uint8Array.of(1, 2, 3, 4, 5)

  it('is what is left, and whole again with them', () => {
    const bytes = raw([1, 2], one, two, [3], one, [4, 5])
    expect([...withoutIds('tree', bytes, cuts)]).toEqual([...rest])
    expect(Buffer.from(withIds('tree', rest, cuts))).toEqual(bytes)
  })

  it('has them as text where it is text', () => {
    const bytes = Buffer.concat([
      Buffer.of(1, 2),
      Buffer.from(one + two),
      Buffer.of(3),
      Buffer.from(one),
      Buffer.of(4, 5),
    ])
    expect([...withoutIds('commit', bytes, cuts)]).toEqual([...rest])
    expect(Buffer.from(withIds('commit', rest, cuts))).toEqual(bytes)
  })

  it('is as it was where there are none', () => {
    expect([...withoutIds('tag', rest, [])]).toEqual([...rest])
    expect([...withIds('tag', rest, [])]).toEqual([...rest])
  })
})
