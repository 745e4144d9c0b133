import { describe, expect, it } from 'vitest'
import { writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { type Reference, walkReferences } from '../../src/core/references.ts'
import { writeSettings } from '../../src/core/settings.ts'
import { writeTag } from '../../src/core/tag.ts'
import { EMPTY_TREE, type TreeEntry, writeTree } from '../../src/core/tree.ts'
import { MemoryObjects } from '../support/memory-objects.ts'
import { build, type Row, schemaOf } from '../support/series.ts'

const tagger = { name: 'Ada', email: 'a@b', seconds: 1, offsetMinutes: 0 }
const commit = { parents: [], author: tagger, committer: tagger, message: 'x' }

const idOf = (number: number) => number.toString(16).padStart(64, '0') as Id
/** A tree of some levels, whose first entry has settings. */
async function large(objects: MemoryObjects): Promise<{ root: Id; settings: Id }> {
  const settings = (await writeSettings(objects, new Map([['zone', 'UTC']])))!
  const entries = Array.from({ length: 3000 }, (_, i): TreeEntry => {
    const name = `s${String(i).padStart(5, '0')}`
    return { name, kind: 'series', id: idOf(i + 1), ...(i === 0 && { settings }) }
  })
  return { root: await writeTree(objects, entries), settings }
}

describe('what an object leads to', () => {
  it('is all of a tree: nodes, entries and their settings', async () => {
    const objects = new MemoryObjects()
    const { root, settings } = await large(objects)
    const met: Reference[] = []
    await walkReferences(objects, { kind: 'tree', id: root }, async (reference) => {
      met.push(reference)
      return reference.kind === 'tree'
    })
    expect(met.filter(({ kind }) => kind === 'series')).toHaveLength(3000)
    expect(met).toContainEqual({ kind: 'settings', id: settings })
    expect(met.filter(({ kind }) => kind === 'tree').length).toBeGreaterThan(10)
  })

  it('is not gone into where who asks has been there', async () => {
    const objects = new MemoryObjects()
    const { root } = await large(objects)
    const met: Reference[] = []
    await walkReferences(objects, { kind: 'tree', id: root }, async (reference) => {
      met.push(reference)
      return reference.id === root
    })
    expect(met.some(({ kind }) => kind === 'series')).toBe(false)
    expect(met.length).toBeGreaterThan(3)
  })

  it('is what commits, tags and series name, in their order', async () => {
    const objects = new MemoryObjects()
    const schema = schemaOf('k:int32 v:float64')
    const rows = Array.from({ length: 40 }, (_, i): Row => [i, i * i])
    const series = await build(objects, schema, rows)
    const settings = (await writeSettings(objects, new Map([['zone', 'UTC']])))!
    const tree = await writeTree(objects, [
      { name: 'a', kind: 'series', id: series },
      { name: 'b', kind: 'series', id: series, settings },
    ])
    const parents: Id[] = []
    for (const message of ['x', 'y']) {
      parents.push(await writeCommit(objects, { ...commit, tree: EMPTY_TREE, message }))
    }
    const object = await writeCommit(objects, { ...commit, tree, parents })
    const tag = await writeTag(objects, { ...commit, object, kind: 'commit', name: 'v', tagger })
    const met: Reference[] = []
    await walkReferences(objects, { kind: 'tag', id: tag }, async (reference) => {
      met.push(reference)
      return true
    })
    const ofColumns = met.filter(({ kind }) => kind === 'column' || kind === 'segments')
    expect(met.filter((reference) => !ofColumns.includes(reference))).toEqual([
      { kind: 'tag', id: tag },
      { kind: 'commit', id: object },
      { kind: 'tree', id: tree },
      { kind: 'series', id: series },
      { kind: 'series', id: series },
      { kind: 'settings', id: settings },
      { kind: 'commit', id: parents[0] },
      { kind: 'tree', id: EMPTY_TREE },
      { kind: 'commit', id: parents[1] },
      { kind: 'tree', id: EMPTY_TREE },
    ])
    const stored = [...objects.objects].filter(([, { kind }]) => /^(column|segments)$/.test(kind))
    expect(new Set(ofColumns.map(({ id }) => id))).toEqual(new Set(stored.map(([id]) => id)))
    for (const { kind, id } of ofColumns) expect(objects.objects.get(id)?.kind).toBe(kind)
  })

  it('is met in the order of the names', async () => {
    const objects = new MemoryObjects()
    const { root } = await large(objects)
    const met: Id[] = []
    await walkReferences(objects, { kind: 'tree', id: root }, async ({ kind, id }) => {
      if (kind === 'series') met.push(id)
      return kind === 'tree'
    })
    expect(met).toEqual(Array.from({ length: 3000 }, (_, i) => idOf(i + 1)))
  })
})
