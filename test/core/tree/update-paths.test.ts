import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, textToBytes } from '../../../src/core/bytes.ts'
import type { Id } from '../../../src/core/id.ts'
import {
  checkCollection,
  diffTrees,
  EMPTY_TREE,
  lookupPath,
  type PathEdit,
  readTree,
  type TreeEntry,
  updatePaths,
  walkTree,
  writeTree,
} from '../../../src/core/tree.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'

const idOf = (number: number) => number.toString(16).padStart(64, '0') as Id
const series = (number: number, settings?: Id | null): PathEdit => ({
  kind: 'series',
  id: idOf(number),
  settings,
})
const edits = (changes: Record<string, PathEdit | undefined>) => new Map(Object.entries(changes))
const taken = expect.objectContaining({ code: 'already-exists' })

async function pathsOf(objects: MemoryObjects, tree: Id, prefix = ''): Promise<string[]> {
  const paths: string[] = []
  for await (const { path, entry } of walkTree(objects, tree, prefix, { collections: true })) {
    paths.push(entry.kind === 'tree' ? `${path}/` : path)
  }
  return paths
}

/** The same, kept as plain nested maps: what the tree is compared with. */
interface Plain {
  kind: 'tree' | 'series'
  id: Id
  settings: Id | undefined
  inner: Map<string, Plain>
}

const plainTree = (settings?: Id): Plain => ({
  kind: 'tree',
  id: EMPTY_TREE,
  settings,
  inner: new Map(),
})

function updatePlain(root: Plain, changes: ReadonlyMap<string, PathEdit | undefined>): void {
  const byDepth = [...changes].sort(([a], [b]) => a.split('/').length - b.split('/').length)
  for (const [path, edit] of byDepth) {
    const parts = path.split('/')
    const name = parts.pop()!
    let at: Plain | undefined = root
    for (const part of parts) {
      const found: Plain | undefined = at.inner.get(part)
      if (edit === undefined && found?.kind !== 'tree') {
        at = undefined
        break
      }
      const inner: Plain = found?.kind === 'tree' ? found : plainTree()
      at.inner.set(part, inner)
      at = inner
    }
    if (at === undefined) continue
    const old = at.inner.get(name)
    if (edit === undefined) at.inner.delete(name)
    else if ('kind' in edit) {
      const kept = old?.kind === edit.kind ? old.settings : undefined
      const settings = edit.settings === undefined ? kept : (edit.settings ?? undefined)
      at.inner.set(name, { kind: edit.kind, id: edit.id, settings, inner: new Map() })
    } else {
      at.inner.set(name, { ...(old ?? plainTree()), settings: edit.settings ?? undefined })
    }
  }
  prune(root)
}

function prune(tree: Plain): void {
  for (const [name, inner] of tree.inner) {
    if (inner.kind === 'series') continue
    prune(inner)
    if (inner.inner.size === 0 && inner.settings === undefined) tree.inner.delete(name)
  }
}

async function writePlain(objects: MemoryObjects, tree: Plain): Promise<Id> {
  const entries: TreeEntry[] = []
  for (const [name, { kind, id, settings, inner }] of tree.inner) {
    const written = kind === 'tree' ? await writePlain(objects, plainOf(inner)) : id
    entries.push({ name, kind, id: written, settings })
  }
  return writeTree(objects, entries)
}

const plainOf = (inner: Map<string, Plain>): Plain => ({ ...plainTree(), inner })

interface Listed {
  kind: string
  id: Id | undefined
  settings: Id | undefined
}

/** Series, and collections that have settings (whose id counts for nothing here). */
function listPlain(tree: Plain, folder = '', into = new Map<string, Listed>()) {
  for (const [name, { kind, id, settings, inner }] of tree.inner) {
    if (kind === 'series') into.set(folder + name, { kind, id, settings })
    else if (settings !== undefined) into.set(folder + name, { kind, id: undefined, settings })
    listPlain(plainOf(inner), `${folder}${name}/`, into)
  }
  return into
}

/** As {@link listPlain} lists it: a collection without settings is nothing. */
function listed(entry: TreeEntry | undefined): Listed | undefined {
  if (entry === undefined) return undefined
  const { kind, id, settings } = entry
  if (kind === 'series') return { kind, id, settings }
  return settings === undefined ? undefined : { kind, id: undefined, settings }
}

const part = fc.constantFrom('a', 'a-', 'a--', 'b', 'ab', 'a b', '__proto__', '😀', 'ﬀ')
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
const settingsId = fc.constantFrom<Id | null | undefined>(idOf(101), idOf(102), null, undefined)
const pathEdit: fc.Arbitrary<PathEdit | undefined> = fc.oneof(
  fc.tuple(fc.nat(5), settingsId).map(([n, settings]) => series(n, settings)),
  fc.constant(undefined),
  settingsId.map((settings) => ({ settings: settings ?? null })),
)
const batch = fc.array(fc.tuple(path, pathEdit), { maxLength: 12 }).map((pairs) => {
  const changes = new Map(pairs)
  // A series and something inside it in one batch is refused, and tested apart.
  for (const [at, edit] of changes) {
    const parts = at.split('/')
    const above = parts.slice(0, -1).map((_, i) => changes.get(parts.slice(0, i + 1).join('/')))
    if (edit !== undefined && above.some((e) => e !== undefined && 'kind' in e)) changes.delete(at)
  }
  return changes
})

describe('updatePaths', () => {
  it('makes the tree that writing every collection anew makes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 5 }), async (batches) => {
        const objects = new MemoryObjects()
        const plain = plainTree()
        let tree = EMPTY_TREE
        for (const changes of batches) {
          const before = tree
          const listBefore = listPlain(plain)
          updatePlain(plain, changes)
          tree = await updatePaths(objects, tree, changes, { replace: true })
          expect(tree).toBe(await writePlain(new MemoryObjects(), plain))
          await checkCollection(objects, tree)

          const list = listPlain(plain)
          const walked: [string, Listed | undefined][] = []
          for await (const { path: at, entry } of walkTree(objects, tree)) {
            walked.push([at, listed(entry)])
          }
          const wanted = [...list].filter(([, { kind }]) => kind === 'series')
          wanted.sort(([a], [b]) => compareBytes(textToBytes(a), textToBytes(b)))
          expect(walked).toEqual(wanted)

          const changed = new Map<string, unknown>()
          for await (const { path: at, old, new: next } of diffTrees(objects, before, tree)) {
            expect(changed.has(at)).toBe(false)
            changed.set(at, [listed(old), listed(next)])
          }
          const expected = new Map<string, unknown>()
          for (const at of new Set([...listBefore.keys(), ...list.keys()])) {
            const pair = [listBefore.get(at), list.get(at)]
            if (JSON.stringify(pair[0]) === JSON.stringify(pair[1])) continue
            expected.set(at, pair)
          }
          expect(changed).toEqual(expected)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('keeps the settings of what it replaces, unless told otherwise', async () => {
    const objects = new MemoryObjects()
    let tree = await updatePaths(objects, EMPTY_TREE, edits({ a: series(1, idOf(9)) }))
    tree = await updatePaths(objects, tree, edits({ a: series(2) }))
    expect(await lookupPath(objects, tree, 'a')).toMatchObject({ id: idOf(2), settings: idOf(9) })
    tree = await updatePaths(objects, tree, edits({ a: series(2, null) }))
    expect((await lookupPath(objects, tree, 'a'))?.settings).toBeUndefined()
  })

  it('does not keep the settings of a collection for the series in its place', async () => {
    const objects = new MemoryObjects()
    const before = await updatePaths(objects, EMPTY_TREE, edits({ a: { settings: idOf(9) } }))
    const tree = await updatePaths(objects, before, edits({ a: series(1) }), { replace: true })
    expect(await readTree(objects, tree)).toEqual([{ name: 'a', kind: 'series', id: idOf(1) }])
  })

  it('keeps an empty collection while it has settings', async () => {
    const objects = new MemoryObjects()
    let tree = await updatePaths(objects, EMPTY_TREE, edits({ 'w/h': { settings: idOf(9) } }))
    expect(await pathsOf(objects, tree)).toEqual(['w/', 'w/h/'])
    expect(objects.objects.has(EMPTY_TREE)).toBe(true)
    tree = await updatePaths(objects, tree, edits({ 'w/h/x': series(1) }))
    tree = await updatePaths(objects, tree, edits({ 'w/h/x': undefined }))
    expect(await pathsOf(objects, tree)).toEqual(['w/', 'w/h/'])
    tree = await updatePaths(objects, tree, edits({ 'w/h': { settings: null } }))
    expect(tree).toBe(EMPTY_TREE)
  })

  it('removes a whole collection, and puts a whole one', async () => {
    const objects = new MemoryObjects()
    const inner = await writeTree(objects, [{ name: 'x', kind: 'series', id: idOf(1) }])
    let tree = await updatePaths(
      objects,
      EMPTY_TREE,
      edits({ c: { kind: 'tree', id: inner }, 'c/y': series(2), d: series(3) }),
    )
    expect(await pathsOf(objects, tree)).toEqual(['c/', 'c/x', 'c/y', 'd'])
    tree = await updatePaths(objects, tree, edits({ c: undefined, 'c/z': series(4) }))
    expect(await pathsOf(objects, tree)).toEqual(['c/', 'c/z', 'd'])
    tree = await updatePaths(objects, tree, edits({ c: undefined }))
    expect(await pathsOf(objects, tree)).toEqual(['d'])
    tree = await updatePaths(objects, tree, edits({ e: { kind: 'tree', id: EMPTY_TREE } }))
    expect(await pathsOf(objects, tree)).toEqual(['d'])
  })

  it('lets no name be a series and a collection', async () => {
    const objects = new MemoryObjects()
    const tree = await updatePaths(
      objects,
      EMPTY_TREE,
      edits({ s: series(1), 'c/x': series(2, idOf(9)) }),
    )
    const update = (changes: Record<string, PathEdit | undefined>, replace = false) =>
      updatePaths(objects, tree, edits(changes), { replace })
    await expect(update({ 's/x': series(3) })).rejects.toEqual(taken)
    await expect(update({ 's/x/y': { settings: idOf(9) } })).rejects.toEqual(taken)
    await expect(update({ c: series(3) })).rejects.toEqual(taken)
    await expect(update({ s: { kind: 'tree', id: EMPTY_TREE } })).rejects.toEqual(taken)
    await expect(update({ n: series(3), 'n/x': series(4) }, true)).rejects.toMatchObject({
      code: 'bad-input',
    })
    expect(await pathsOf(objects, await update({ c: series(3) }, true))).toEqual(['c', 's'])
    expect(await pathsOf(objects, await update({ 's/x': series(3) }, true))).toEqual([
      'c/',
      'c/x',
      's/',
      's/x',
    ])
    expect(await update({ 's/x': undefined, 'none/x': undefined })).toBe(tree)
    expect(await pathsOf(objects, await update({ s: undefined, 's/x': series(3) }))).toContain(
      's/x',
    )
  })

  it('refuses names that no series may have, and changes nothing', async () => {
    const objects = new MemoryObjects()
    for (const name of ['', '/', 'a/', '/a', '..', 'a/../b', 'CON', 'x'.repeat(300), 'a\u0000']) {
      const update = updatePaths(objects, EMPTY_TREE, new Map([[name, series(1)]]))
      await expect(update, JSON.stringify(name)).rejects.toMatchObject({ code: 'invalid-name' })
    }
    expect(objects.objects.size).toBe(0)
  })

  it('replaces one of 100,000 series, or a hundred, without listing the others', async () => {
    const objects = new MemoryObjects()
    const all = Array.from({ length: 100_000 }, (_, i): [string, PathEdit] => [
      `c${i % 3}/s${i}`,
      series(i),
    ])
    const tree = await updatePaths(objects, EMPTY_TREE, new Map(all))
    objects.resetCounts()
    const one = await updatePaths(objects, tree, edits({ 'c0/s3': series(7) }))
    expect(objects.reads).toBeLessThanOrEqual(16)
    expect(objects.puts).toBeLessThanOrEqual(8)
    objects.resetCounts()
    const changed: string[] = []
    for await (const { path: at } of diffTrees(objects, tree, one)) changed.push(at)
    expect(changed).toEqual(['c0/s3'])
    expect(objects.reads).toBeLessThanOrEqual(16)
    objects.resetCounts()
    const hundred = all.filter((_, i) => i % 1000 === 0).map(([at]) => [at, series(7)] as const)
    await updatePaths(objects, tree, new Map(hundred))
    expect(objects.reads).toBeLessThan(100 * 6)
    expect(objects.puts).toBeLessThan(100 * 3)
  })

  it('gives the tree back when nothing changes', async () => {
    const objects = new MemoryObjects()
    const tree = await updatePaths(objects, EMPTY_TREE, edits({ 'a/b': series(1), c: series(2) }))
    objects.resetCounts()
    expect(await updatePaths(objects, tree, edits({ 'a/b': series(1) }))).toBe(tree)
    expect(await updatePaths(objects, tree, new Map())).toBe(tree)
    expect(await readTree(objects, tree)).toHaveLength(2)
  })
})
