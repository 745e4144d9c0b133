import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { readSeries } from '../../src/core/series.ts'
import { encodeSettings } from '../../src/core/settings.ts'
import { catCanonical, catObject, statObject } from '../../src/plumbing/cat-object.ts'
import { mkseries, type SeriesColumn } from '../../src/plumbing/mkseries.ts'
import { mktree } from '../../src/plumbing/mktree.ts'
import { parseTreeLine } from '../../src/plumbing/tree-line.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type ObjectStore, openObjectStore } from '../../src/storage/object-store.ts'

const newStore = () => openObjectStore(createMemoryStorage())

async function put(
  store: ObjectStore,
  kind: Parameters<typeof catCanonical>[2],
  bytes: Uint8Array,
) {
  const batch = await store.begin()
  const id = await batch.put(kind, bytes)
  await batch.publish()
  return id
}

async function shown(store: ObjectStore, id: Id): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of catObject(store, id)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

/** The first node below, with its rows. */
const NODE = /^segments (\d+) \S+ \S+ (\w+)$/m

describe('catObject', () => {
  it('shows bytes as they are, values one a line, settings as JSON', async () => {
    const store = newStore()
    expect(await shown(store, await put(store, 'blob', Buffer.from([0x61, 0x0a])))).toBe('a\n')
    const column = await put(store, 'column', encodeColumn(columnOf('int8', [1, null])))
    expect(await shown(store, column)).toBe('1\n\n')
    const settings = await put(store, 'settings', encodeSettings(new Map([['zone', 'UTC']])))
    expect(await shown(store, settings)).toBe('{"zone":"UTC"}\n')
  })

  it('shows the digests that a series is made of', async () => {
    const store = newStore()
    const dates = await put(store, 'column', encodeColumn(columnOf('date', [0, 1])))
    const prices = await put(store, 'column', encodeColumn(columnOf('float64', [1, null])))
    const { id } = await mkseries(store, [
      { name: 'Date', type: 'date', id: dates },
      { name: 'Price', type: 'float64', id: prices },
    ])
    expect(await shown(store, id)).toBe(
      [
        'index date Date',
        'value float64 Price',
        'rows 2',
        `segment 2 1970-01-01 1970-01-02 ${dates} ${prices}`,
        '',
      ].join('\n'),
    )
  })

  it('shows the nodes of a long series, and of a wide one', async () => {
    const store = newStore()
    const values = Array.from({ length: 100 }, (_, i) => i)
    const id = await put(store, 'column', encodeColumn(columnOf('int32', values)))
    const columns = Array.from(
      { length: 70 },
      (_, i): SeriesColumn => ({ name: `c${i}`, type: 'int32', id }),
    )
    const wide = await mkseries(store, columns)
    const text = await shown(store, wide.id)
    const listId = /^segment 100 0 99 columns:(\w+)$/m.exec(text)![1] as Id
    const nodes = (await shown(store, listId)).trimEnd().split('\n')
    expect(nodes.map((line) => line.split(' ')[0])).toEqual(['columns', 'columns'])
    const leaf = await shown(store, nodes[0]!.split(' ')[1] as Id)
    expect(leaf).toBe(`column ${id}\n`.repeat(64))
  })

  it('shows a node of segments without its series', async () => {
    const store = newStore()
    const rows = 32_768 * 200
    const values = new BigInt64Array(rows).map((_, i) => BigInt(i))
    const column = { type: 'int64', length: rows, values } as const
    const id = await put(store, 'column', encodeColumn(column))
    const series = await mkseries(store, [{ name: 'n', type: 'int64', id }])
    expect((await readSeries(store, series.id)).root.level).toBeGreaterThan(0)
    let text = await shown(store, series.id)
    let rowsBelow = rows
    for (let node = NODE.exec(text); node !== null; node = NODE.exec(text)) {
      rowsBelow = Number(node[1])
      text = await shown(store, node[2] as Id)
    }
    const lines = text.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^segment 32768 8000000000000000 8000000000007fff [0-9a-f]{64}$/)
    expect(lines.length * 32_768).toBe(rowsBelow)
  }, 30_000)
})

describe('catCanonical and statObject', () => {
  it('follow a commit to its tree, and refuse what leads nowhere', async () => {
    const store = newStore()
    const blob = await put(store, 'blob', Buffer.from('x'))
    const column = await put(store, 'column', encodeColumn(columnOf('int8', [1])))
    const series = await mkseries(store, [{ name: 'n', type: 'int8', id: column }])
    async function* lines() {
      yield parseTreeLine(`series ${series.id}\ts`, 1)
    }
    const tree = await mktree(store, lines())
    const who = { name: 'A', email: 'a@b', seconds: 0, offsetMinutes: 0 }
    const batch = await store.begin()
    const commit = await writeCommit(batch, {
      tree: tree.id,
      parents: [],
      author: who,
      committer: who,
      message: 'm\n',
    })
    await batch.publish()
    expect(await catCanonical(store, commit, 'tree')).toEqual(await store.read(tree.id, 'tree'))
    expect(await shown(store, commit)).toMatch(/^tree [0-9a-f]{64}\nauthor A <a@b> 0 \+0000\n/)
    expect(await shown(store, tree.id)).toBe(`series ${series.id}\ts\n`)
    expect(await statObject(store, blob)).toEqual({ id: blob, kind: 'blob', size: 1 })
    await expect(catCanonical(store, blob, 'tree')).rejects.toMatchObject({ code: 'bad-input' })
    await expect(statObject(store, 'f'.repeat(64) as Id)).rejects.toMatchObject({
      code: 'object-not-found',
    })
  })
})
