import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { type Reference, walkReferences } from '../../src/core/references.ts'
import { writeSettings } from '../../src/core/settings.ts'
import { type TreeEntry, writeTree } from '../../src/core/tree.ts'
import { MemoryObjects } from '../support/memory-objects.ts'

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
})
