import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { encodeCommit } from '../../src/core/commit.ts'
import { hashObject, type Id, type ObjectKind } from '../../src/core/id.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { indexPack, storePack } from '../../src/plumbing/index-pack.ts'
import { type ListedObject, listObjects } from '../../src/plumbing/list-objects.ts'
import { packObjects, parseObjectLine } from '../../src/plumbing/pack-objects.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { unpackObjects } from '../../src/plumbing/unpack-objects.ts'
import { updateRef } from '../../src/plumbing/update-ref.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { createTag } from '../../src/porcelain/tag.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { PackWriter } from '../../src/storage/pack-writer.ts'
import { ann, collect } from '../support/repositories.ts'
import { commitRows, emptyRepository, expectWhole, MAIN, NOW, tipOf } from '../support/transfer.ts'

const from = { location: 'a.pack', now: NOW }
let repo: Repository
let ids: Id[]

beforeEach(async () => {
  repo = await emptyRepository()
  ids = []
  for (const [i, series] of ['a/prices', 'b', 'a/prices', 'a/prices'].entries()) {
    ids.push(await commitRows(repo, { series, seconds: 100 + i, from: 10 * i, rows: 300 }))
  }
})

const idsOf = async (...revisions: string[]): Promise<Id[]> =>
  (await collect(listObjects(repo, { revisions }))).map(({ id }) => id)

async function packOf(objects: Iterable<Id>): Promise<Buffer> {
  const packed = await packObjects(repo, objects)
  try {
    return Buffer.concat(await collect(packed.bytes()))
  } finally {
    await packed.discard()
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
}

/** Sets main, as who has unpacked objects would. */
const setMain = (other: Repository, id: Id) =>
  updateRef(other, { changes: [{ ref: MAIN, new: id }], who: ann(NOW), message: 'by hand' })

/** A pack of objects as they are, whatever they say. */
async function rawPack(
  objects: readonly { readonly kind: ObjectKind; readonly bytes: Uint8Array }[],
): Promise<Uint8Array> {
  const storage = createMemoryStorage()
  const writer = new PackWriter(storage)
  for (const { kind, bytes } of objects) await writer.add(hashObject(kind, bytes), kind, bytes, 1)
  return (await storage.get(`packs/${await writer.publish()}.pack`))!
}

describe('the list of objects', () => {
  it('has each object that a revision leads to once, with where it belongs', async () => {
    const listed = await collect(listObjects(repo, { revisions: ['main'] }))
    const all = (await collect(repo.objects.objects())).map(({ id }) => id)
    expect(listed.map(({ id }) => id).sort()).toEqual([...new Set(all)].sort())
    expect(listed.slice(0, 4).map(({ id }) => id)).toEqual([...ids].reverse())
    const paths = (object: ListedObject) => ('path' in object ? [object.path] : [])
    expect(new Set(listed.flatMap(paths))).toEqual(new Set(['', 'a', 'a/prices', 'b']))
  })

  it('leaves out what a revision leads to that is left out', async () => {
    const news = await idsOf('main', '^main~1')
    const before = new Set(await idsOf('main~1'))
    expect(news[0]).toBe(ids[3])
    expect(news.filter((id) => before.has(id))).toEqual([])
    expect(new Set([...news, ...before])).toEqual(new Set(await idsOf('main')))
  })

  it('has annotated tags that are named, or all of them', async () => {
    const { id } = await createTag(repo, { name: 'v1', message: 'as published', who: ann(NOW) })
    const tag = { kind: 'tag', path: 'v1', id: expect.any(String) }
    expect(await collect(listObjects(repo, { revisions: ['v1'] }))).toContainEqual(tag)
    const all = await collect(listObjects(repo, { all: true }))
    expect(all.filter(({ kind }) => kind === 'tag')).toEqual([{ ...tag, id }])
    expect(await idsOf('main')).not.toContain(id)
  })
})

describe('packing objects', () => {
  it('makes a pack that is whole elsewhere, once a ref leads there', async () => {
    for (const store of [unpackObjects, storePack]) {
      const other = await emptyRepository()
      const bytes = await packOf(await idsOf('main'))
      expect(await indexPack(pieces(bytes), from)).toMatchObject({ size: bytes.length })
      await store(other, pieces(bytes), from)
      await setMain(other, ids[3]!)
      await expectWhole(other)
      expect(await tipOf(other)).toBe(ids[3])
    }
  })

  it('stands by itself, whatever is chosen and however it is stored here', async () => {
    const all = await idsOf('main')
    await gc(repo, { who: ann(NOW), now: NOW * 1000 })
    await fc.assert(
      fc.asyncProperty(fc.subarray(all, { minLength: 1 }), async (some) => {
        const bytes = await packOf(some)
        expect(await indexPack(pieces(bytes), from)).toMatchObject({ objects: some.length })
      }),
      { numRuns: 10 },
    )
  })

  it('takes lists as rev-list prints them, and says in which line something else is', () => {
    expect(parseObjectLine(`${ids[0]} a/prices`, 1)).toBe(ids[0])
    expect(parseObjectLine('', 2)).toBeUndefined()
    const wrong = () => parseObjectLine('main', 3)
    expect(wrong).toThrowError(expect.objectContaining({ code: 'bad-input' }))
    expect(wrong).toThrow('line 3: "main"')
  })

  it('refuses what is not there', async () => {
    const id = '0'.repeat(64) as Id
    await expect(packOf([ids[0]!, id])).rejects.toMatchObject({ code: 'object-not-found' })
  })
})

describe('unpacking objects', () => {
  it('stores what is not here, once', async () => {
    const other = await emptyRepository()
    const first = await packOf(await idsOf('main~1'))
    const unpacked = await unpackObjects(other, pieces(first), from)
    expect(unpacked).toMatchObject({ stored: unpacked.objects })
    const second = await packOf(await idsOf('main'))
    const more = await unpackObjects(other, pieces(second), from)
    expect(more.stored).toBe(more.objects - unpacked.objects)
    const again = await unpackObjects(other, pieces(second), from)
    expect(again).toEqual({ objects: more.objects, stored: 0, pack: null })
    await setMain(other, ids[3]!)
    await expectWhole(other)
  })

  it('takes what comes after what is here', async () => {
    const other = await emptyRepository()
    await unpackObjects(other, pieces(await packOf(await idsOf('main~2'))), from)
    await setMain(other, ids[1]!)
    for (const store of [unpackObjects, storePack]) {
      await store(other, pieces(await packOf(await idsOf('main', '^main~2'))), from)
    }
    await setMain(other, ids[3]!)
    await expectWhole(other)
  })

  it('verifies only, when asked', async () => {
    const other = await emptyRepository()
    const bytes = await packOf(await idsOf('main'))
    const { objects, stored } = await unpackObjects(other, pieces(bytes), { ...from, dryRun: true })
    expect(stored).toBe(objects)
    expect(await other.objects.packNames()).toEqual([])
  })
})

describe('a pack from somewhere else', () => {
  const stores = [unpackObjects, storePack]

  async function expectRefused(bytes: Uint8Array, code: string, message = ''): Promise<void> {
    for (const store of stores) {
      const other = await emptyRepository()
      const refusal = store(other, pieces(bytes), from)
      await expect(refusal).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      })
      expect(await other.objects.packNames()).toEqual([])
    }
  }

  it('is refused wherever a byte is another, or it is cut short, with nothing stored', async () => {
    const bytes = await packOf(await idsOf('main~3'))
    for (let at = 0; at < bytes.length; at += 97) {
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= 1 << (at % 8)
      for (const wrong of [flipped, bytes.subarray(0, at)]) {
        const refusal = indexPack(pieces(wrong), from)
        await expect(refusal).rejects.toMatchObject({
          code: expect.stringMatching(/^(corrupt-pack|corrupt-object|unsupported-format)$/),
        })
      }
    }
  })

  it('is refused where it names what is neither in it nor here', async () => {
    const [commit] = await idsOf('main', '^main~1')
    await expectRefused(await packOf([commit!]), 'bad-input', 'neither here nor in the pack')
  })

  it('is refused where an object has not the one form that it can have', async () => {
    const bytes = Buffer.from([0, 1, 0x7f, 0xff, 0xff])
    for (const kind of ['tree', 'series', 'commit', 'tag', 'settings'] as const) {
      await expectRefused(await rawPack([{ kind, bytes }]), 'bad-input')
    }
  })

  it('is refused where a commit is dated ahead, or before its parent', async () => {
    const at = (seconds: number, parents: Id[] = []) => {
      const commit = { tree: EMPTY_TREE, parents, author: ann(seconds), committer: ann(seconds) }
      const bytes = encodeCommit({ ...commit, message: 'x\n' })
      return { kind: 'commit', bytes, id: hashObject('commit', bytes) } as const
    }
    await expectRefused(await rawPack([at(NOW + 100_000)]), 'bad-input', 'more than a day ahead')
    const parent = at(NOW)
    const child = at(NOW - 1, [parent.id])
    await expectRefused(await rawPack([parent, child]), 'bad-input', 'before its parent')
  })

  it('is taken up to so many bytes', async () => {
    const bytes = await packOf(await idsOf('main'))
    const limited = { ...from, maxBytes: bytes.length - 1 }
    const other = await emptyRepository()
    await expect(unpackObjects(other, pieces(bytes), limited)).rejects.toMatchObject({
      code: 'too-large',
    })
    await expect(
      unpackObjects(other, pieces(bytes), { ...from, maxBytes: bytes.length }),
    ).resolves.toBeDefined()
  })

  it('may be empty, and then nothing is stored', async () => {
    const bytes = await packOf([])
    for (const store of stores) {
      const other = await emptyRepository()
      expect(await store(other, pieces(bytes), from)).toMatchObject({ objects: 0 })
      expect(await other.objects.packNames()).toEqual([])
    }
  })

  it('may be made of what is here', async () => {
    const other = await emptyRepository()
    const old = { kind: 'blob', bytes: randomBytes(5000) } as const
    await unpackObjects(other, pieces(await rawPack([old])), from)
    const base = { id: hashObject('blob', old.bytes), bytes: old.bytes, depth: 0 }
    const bytes = Buffer.concat([old.bytes, Buffer.from('and more')])
    const storage = createMemoryStorage()
    const writer = new PackWriter(storage)
    await writer.add(hashObject('blob', bytes), 'blob', bytes, 1, base)
    const name = await writer.publish()
    const thin = (await storage.get(`packs/${name}.pack`))!
    await expectRefused(thin, 'corrupt-object')
    await storePack(other, pieces(thin), from)
    expect((await other.objects.readAny(hashObject('blob', bytes))).bytes).toEqual(
      new Uint8Array(bytes),
    )
  })
})
