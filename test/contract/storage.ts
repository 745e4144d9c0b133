import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import type { Storage } from '../../src/storage/storage.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (found: Uint8Array | undefined): string | undefined =>
  found === undefined ? undefined : new TextDecoder().decode(found)

/**
 * What every implementation of {@link Storage} must do.
 *
 * @param open gives a new, empty storage
 */
export function describeStorage(name: string, open: () => Promise<Storage>): void {
  describe(`storage: ${name}`, () => {
    it('gives back what was put, byte for byte', async () => {
      const storage = await open()
      const all = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 0xff)
      expect(await storage.putIfAbsent('log/000000000001', all)).toBe(true)
      expect(Buffer.compare((await storage.get('log/000000000001'))!, all)).toBe(0)
      expect(await storage.size('log/000000000001')).toBe(300_000)
      expect(await storage.range('log/000000000001', 1000, 5)).toEqual(all.subarray(1000, 1005))
      const long = await storage.range('log/000000000001', 1, 299_999)
      expect(Buffer.compare(long, all.subarray(1))).toBe(0)
    })

    it('gives many objects at a time', async () => {
      const storage = await open()
      const names = Array.from({ length: 40 }, (_, i) => `log/${100 + i}`)
      for (const name of names) await storage.putIfAbsent(name, bytes(`content of ${name}`))
      const found = await Promise.all(names.map((name) => storage.get(name)))
      expect(found.map(text)).toEqual(names.map((name) => `content of ${name}`))
    })

    it('keeps an empty object apart from none', async () => {
      const storage = await open()
      await storage.putIfAbsent('empty', new Uint8Array(0))
      expect(await storage.get('empty')).toEqual(new Uint8Array(0))
      expect(await storage.size('empty')).toBe(0)
      expect(await storage.range('empty', 0, 0)).toEqual(new Uint8Array(0))
      expect(await storage.get('none')).toBeUndefined()
      expect(await storage.size('none')).toBeUndefined()
    })

    it('never replaces a name that is taken', async () => {
      const storage = await open()
      expect(await storage.putIfAbsent('a/b', bytes('first'))).toBe(true)
      expect(await storage.putIfAbsent('a/b', bytes('second, longer'))).toBe(false)
      expect(text(await storage.get('a/b'))).toBe('first')
    })

    it('lets exactly one of many writers have a name', async () => {
      const storage = await open()
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, i) => storage.putIfAbsent('race/1', bytes(`writer ${i}`))),
      )
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(text(await storage.get('race/1'))).toBe(`writer ${won.indexOf(true)}`)
    })

    it('is not changed by later changes to a buffer, nor by a reader', async () => {
      const storage = await open()
      for (const [name, buffer] of [
        ['plain', bytes('before')],
        ['buffer', Buffer.from('before')],
      ] as const) {
        await storage.putIfAbsent(name, buffer)
        buffer.fill(0)
        ;(await storage.get(name))!.fill(0)
        expect(text(await storage.get(name))).toBe('before')
      }
    })

    it('reports a range outside the object, or of none, as io', async () => {
      const storage = await open()
      await storage.putIfAbsent('x', bytes('0123456789'))
      expect(text(await storage.range('x', 8, 2))).toBe('89')
      await expect(storage.range('x', 8, 3)).rejects.toSatisfy((e) => hasCode(e, 'io'))
      await expect(storage.range('x', 11, 0)).rejects.toSatisfy((e) => hasCode(e, 'io'))
      await expect(storage.range('y', 0, 1)).rejects.toSatisfy((e) => hasCode(e, 'io'))
    })

    it('shows nothing of an object being written until it is published whole', async () => {
      const storage = await open()
      const writer = await storage.create()
      await writer.write(bytes('hello '))
      await writer.write(bytes('world'))
      expect(text(await writer.range(4, 3))).toBe('o w')
      await expect(writer.range(4, 30)).rejects.toSatisfy((e) => hasCode(e, 'io'))
      expect(await storage.get('packs/x.pack')).toBeUndefined()
      expect(await storage.list('packs/')).toEqual([])
      expect(await writer.publish('packs/x.pack')).toBe(true)
      await writer.discard()
      expect(text(await storage.get('packs/x.pack'))).toBe('hello world')
    })

    it('takes a piece whose bytes change once it is written', async () => {
      const storage = await open()
      const writer = await storage.create()
      const piece = bytes('one ')
      await writer.write(piece)
      piece.set(bytes('two '))
      await writer.write(piece)
      piece.fill(0)
      expect(text(await writer.range(0, 8))).toBe('one two ')
      expect(await writer.publish('packs/x.pack')).toBe(true)
      expect(text(await storage.get('packs/x.pack'))).toBe('one two ')
    })

    it('publishes what was written in pieces only where the name is free', async () => {
      const storage = await open()
      await storage.putIfAbsent('packs/x.pack', bytes('first'))
      const writer = await storage.create()
      await writer.write(bytes('second'))
      expect(await writer.publish('packs/x.pack')).toBe(false)
      expect(text(await storage.get('packs/x.pack'))).toBe('first')
    })

    it('forgets what was discarded', async () => {
      const storage = await open()
      const writer = await storage.create()
      await writer.write(bytes('x'))
      await writer.discard()
      await writer.discard()
      await expect(writer.write(bytes('y'))).rejects.toSatisfy((e) => hasCode(e, 'io'))
      await expect(writer.publish('a')).rejects.toSatisfy((e) => hasCode(e, 'io'))
      expect(await storage.get('a')).toBeUndefined()
    })

    it('lists what is under a prefix, at any depth, with sizes', async () => {
      const storage = await open()
      const before = Date.now()
      await storage.putIfAbsent('log/1', bytes('a'))
      await storage.putIfAbsent('log/2', bytes('bcd'))
      await storage.putIfAbsent('log/deep/3', bytes('e'))
      await storage.putIfAbsent('logs', bytes('not this'))
      const found = await storage.list('log/')
      expect(found.map(({ name, size }) => [name, size]).sort()).toEqual([
        ['log/1', 1],
        ['log/2', 3],
        ['log/deep/3', 1],
      ])
      for (const { modified } of found) expect(Math.abs(modified - before)).toBeLessThan(60_000)
      expect(await storage.list('none/')).toEqual([])
    })

    it('deletes, and does not mind what is not there', async () => {
      const storage = await open()
      await storage.putIfAbsent('log/1', bytes('a'))
      await storage.range('log/1', 0, 1)
      await storage.delete('log/1')
      await storage.delete('log/1')
      expect(await storage.get('log/1')).toBeUndefined()
      expect(await storage.list('log/')).toEqual([])
      expect(await storage.putIfAbsent('log/1', bytes('b'))).toBe(true)
      expect(text(await storage.range('log/1', 0, 1))).toBe('b')
    })

    it.each([
      '',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      'A',
      'a b',
      'a\\b',
      '.hidden',
      'é',
    ])('refuses the name %j', async (name) => {
      const storage = await open()
      const invalid = (e: unknown): boolean => hasCode(e, 'invalid-name')
      await expect(storage.get(name)).rejects.toSatisfy(invalid)
      await expect(storage.size(name)).rejects.toSatisfy(invalid)
      await expect(storage.range(name, 0, 0)).rejects.toSatisfy(invalid)
      await expect(storage.putIfAbsent(name, bytes('x'))).rejects.toSatisfy(invalid)
      await expect(storage.delete(name)).rejects.toSatisfy(invalid)
      await expect(storage.list(`${name}/`)).rejects.toSatisfy(invalid)
      const writer = await storage.create()
      await expect(writer.publish(name)).rejects.toSatisfy(invalid)
      await writer.discard()
    })

    it('refuses a prefix without a slash at its end', async () => {
      const storage = await open()
      await expect(storage.list('log')).rejects.toSatisfy((e) => hasCode(e, 'invalid-name'))
    })
  })
}
