import { describe, expect, it } from 'vitest'
import { hashObject, type Id } from '../../src/core/id.ts'
import type { ObjectWriter } from '../../src/core/objects.ts'
import { PutsAhead } from '../../src/core/puts-ahead.ts'

/** A writer whose ids come when they are let go. */
function slowWriter() {
  const waiting: ((error?: Error) => void)[] = []
  let puts = 0
  const writer: ObjectWriter = {
    put: (kind, canonical) => {
      puts += 1
      return new Promise<Id>((resolve, reject) => {
        waiting.push((error) => (error ? reject(error) : resolve(hashObject(kind, canonical))))
      })
    },
    read: () => Promise.reject(new Error('nothing is read')),
  }
  return { writer, puts: () => puts, let: (error?: Error) => waiting.shift()!(error) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('PutsAhead', () => {
  it('goes on without ids up to its limit, and then waits for the first', async () => {
    const slow = slowWriter()
    const puts = new PutsAhead(slow.writer, 250)
    const hundred = (i: number) => new Uint8Array(100).fill(i)
    const first = await puts.put('column', hundred(1), {})
    await puts.put('column', hundred(2), {})
    let third: unknown
    const putting = puts.put('column', hundred(3), {}).then((id) => {
      third = id
    })

    await settled()
    expect(slow.puts()).toBe(3)
    expect(third).toBeUndefined()

    slow.let()
    await putting
    expect(await first()).toBe(hashObject('column', hundred(1)))
  })

  it('takes memory back when the id of what lies there is known, and not before', async () => {
    const slow = slowWriter()
    const puts = new PutsAhead(slow.writer)
    const [first, second] = [puts.room.take(100), puts.room.take(100)]
    await puts.put('column', first, {})
    await puts.put('column', second, {})
    const other = new Uint8Array(100)
    await puts.put('column', other, {})
    slow.let()
    slow.let(new Error('the disk is full'))
    slow.let()
    await settled()

    expect(puts.room.take(80).buffer).toBe(first.buffer)
    expect([second.buffer, other.buffer]).not.toContain(puts.room.take(80).buffer)
  })

  it('tells who asks for an id, and nobody before, why there is none', async () => {
    const slow = slowWriter()
    const puts = new PutsAhead(slow.writer)
    const id = await puts.put('column', new Uint8Array(8), {})
    slow.let(new Error('the disk is full'))

    // Were it unhandled, the run would fail.
    await settled()
    await expect(id()).rejects.toThrow('the disk is full')
  })
})
