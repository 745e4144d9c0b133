import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { textToBytes } from '../../src/core/bytes.ts'
import { type Commit, decodeCommit, encodeCommit } from '../../src/core/commit.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import { endsNode, nodeBytes } from '../../src/core/prolly-node.ts'
import { decodeSettings, encodeSettings, type JsonObject } from '../../src/core/settings.ts'
import { decodeTag, encodeTag, type Tag } from '../../src/core/tag.ts'
import {
  checkCollection,
  EMPTY_TREE,
  nameFormat,
  readTree,
  readTreeRoot,
  type TreeEntry,
  writeTree,
} from '../../src/core/tree.ts'
import { documentedExamples, documentedTexts, readGolden } from '../support/golden.ts'
import { MemoryObjects } from '../support/memory-objects.ts'

interface Golden {
  name: string
  id: Id
  hex: string
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (digits: string) => Uint8Array.from(Buffer.from(digits, 'hex'))
const pageOf = (name: string) =>
  readFileSync(new URL(`../../docs/format/${name}.md`, import.meta.url), 'utf8')

function expectDocumented(
  page: string,
  { name, id, hex: digits }: Golden,
  marker = 'example',
): void {
  expect(pageOf(page)).toContain(`\nid \`${id}\`\n\n<!-- ${marker}: ${name} -->`)
  if (marker === 'example') expect(documentedExamples(`format/${page}.md`).get(name)).toBe(digits)
  else
    expect(documentedTexts(`format/${page}.md`).get(name)).toBe(
      Buffer.from(digits, 'hex').toString(),
    )
}

describe('the prolly tree format', () => {
  const golden =
    readGolden<{ level: number; key: string; hash: string; ends: boolean }[]>('prolly-tree.json')

  it.each(golden)(
    'level $level, key $key: ends a node: $ends',
    ({ level, key, hash: begins, ends }) => {
      const hashed = Buffer.concat([Buffer.from([level]), Buffer.from(key, 'hex')])
      expect(hash('sha256', hashed, 'hex').slice(0, 8)).toBe(begins)
      expect(endsNode(level, unhex(key))).toBe(ends)
    },
  )

  it('is documented with keys that end nodes and keys that do not', () => {
    const row = /^\| (\d) \| `([0-9a-f]+)` \(.+\) \| `([0-9a-f]{8})` \| (yes|no) \|$/gm
    const rows = [...pageOf('prolly-tree').matchAll(row)]
    expect(rows).toHaveLength(6)
    for (const [, level, key, begins, ends] of rows) {
      const entry = { level: Number(level), key, hash: begins, ends: ends === 'yes' }
      expect(golden).toContainEqual(entry)
    }
  })

  it.each(readGolden<{ count: number; level: number; nodes: number; id: Id }[]>('tree-large.json'))(
    'has $nodes nodes for $count names',
    async ({ count, level, nodes, id }) => {
      const objects = new MemoryObjects()
      const entries = Array.from({ length: count }, (_, i): TreeEntry => {
        const name = `s${i}`
        return { name, kind: 'series', id: hash('sha256', name, 'hex') as Id }
      })
      expect(await writeTree(objects, entries)).toBe(id)
      expect((await readTreeRoot(objects, id)).level).toBe(level)
      expect(objects.objects.size).toBe(nodes)
      await checkCollection(objects, id)
    },
  )
})

describe('the tree format', () => {
  const golden =
    readGolden<(Golden & { entries: TreeEntry[]; nodes?: { id: Id; hex: string }[] })[]>(
      'tree.json',
    )

  it.each(golden)('$name', async ({ entries, id, hex: expected, nodes = [] }) => {
    const objects = new MemoryObjects()
    expect(await writeTree(objects, entries)).toBe(id)
    expect(hex(nodeBytes(nameFormat, await readTreeRoot(objects, id)))).toBe(expected)
    const stored = new MemoryObjects()
    for (const node of [{ id, hex: expected }, ...nodes]) {
      expect(await stored.put('tree', unhex(node.hex))).toBe(node.id)
    }
    expect(stored.objects.size).toBe(objects.objects.size)
    expect(await readTree(stored, id)).toEqual(entries)
  })

  it('is documented with the golden bytes and ids', () => {
    expect(documentedExamples('format/tree.md').size).toBe(golden.length + 1)
    for (const example of golden) expectDocumented('tree', example)
    const first = golden.find(({ name }) => name === 'two nodes')!.nodes![0]!
    expectDocumented('tree', { ...first, name: 'first of two nodes' })
    expect(pageOf('tree')).toContain(`without having it:\n\`${EMPTY_TREE}\``)
  })
})

describe('the settings format', () => {
  const golden = readGolden<(Golden & { settings: JsonObject })[]>('settings.json')

  it.each(golden)('$name', ({ settings, id, hex: expected }) => {
    const bytes = encodeSettings(new Map(Object.entries(settings)))
    expect(hex(bytes)).toBe(expected)
    expect(hashObject('settings', bytes)).toBe(id)
    expect(Object.fromEntries(decodeSettings(unhex(expected)))).toEqual(settings)
  })

  it('is documented with the golden bytes and ids', () => {
    expect(documentedExamples('format/settings.md').size).toBe(golden.length)
    for (const example of golden) expectDocumented('settings', example)
  })
})

describe('the commit format', () => {
  const golden = readGolden<(Golden & { commit: Commit })[]>('commit.json')

  it.each(golden)('$name', ({ commit, id, hex: expected }) => {
    const bytes = encodeCommit(commit)
    expect(hex(bytes)).toBe(expected)
    expect(hashObject('commit', bytes)).toBe(id)
    expect(decodeCommit(unhex(expected))).toEqual(commit)
  })

  it('is documented with the golden bytes and ids', () => {
    for (const example of golden) expectDocumented('commit', example, 'text')
    const end = documentedExamples('format/commit.md').get('end of first')!
    expect(end).toContain(hex(textToBytes('EIA')))
    expect(golden[0]!.hex.endsWith(end)).toBe(true)
  })
})

describe('the tag format', () => {
  const golden = readGolden<(Golden & { tag: Tag })[]>('tag.json')

  it.each(golden)('$name', ({ tag, id, hex: expected }) => {
    const bytes = encodeTag(tag)
    expect(hex(bytes)).toBe(expected)
    expect(hashObject('tag', bytes)).toBe(id)
    expect(decodeTag(unhex(expected))).toEqual(tag)
  })

  it('is documented with the golden bytes and ids', () => {
    for (const example of golden) expectDocumented('tag', example, 'text')
    const end = documentedExamples('format/tag.md').get('end of a release')!
    expect(end).toContain(hex(textToBytes('As')))
    expect(golden[0]!.hex.endsWith(end)).toBe(true)
  })
})
