import { Buffer } from 'node:buffer'
import type { Id } from '../../src/core/id.ts'
import { readSeries } from '../../src/core/series.ts'
import { readRows } from '../../src/core/series-read.ts'
import { lookupPath } from '../../src/core/tree.ts'
import { writeCsv } from '../../src/formats/csv/index.ts'
import type { InputTable } from '../../src/formats/table.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex, readStoredIndex, treeOf } from '../../src/plumbing/index-state.ts'
import { openRepositoryParts, type Repository } from '../../src/plumbing/repository.ts'

/** A table as an input that can be opened again and again. */
export function table(text: string | Uint8Array, name = 'a.csv'): InputTable {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return {
    name,
    bytes: bytes.length,
    async *open() {
      yield bytes
    },
  }
}

/** A table as a pipe gives it; `before` runs when the first of it is read. */
export function pipe(text: string, before?: () => Promise<unknown>): InputTable {
  let isOpen = false
  return {
    name: '<stdin>',
    once: true,
    async *open() {
      if (isOpen) throw new Error('a pipe was read twice')
      isOpen = true
      await before?.()
      yield Buffer.from(text)
    },
  }
}

/** A table that can be opened again; `before` runs when the first of it is read for the first time. */
export function file(text: string, before?: () => Promise<unknown>): InputTable {
  let isOpen = false
  return {
    name: 'a.csv',
    async *open() {
      const isFirst = !isOpen
      isOpen = true
      if (isFirst) await before?.()
      yield Buffer.from(text)
    },
  }
}

/** The CSV of a series that a tree holds; undefined where there is none. */
export async function textIn(
  repo: Repository,
  tree: Id,
  path: string,
): Promise<string | undefined> {
  const entry = await lookupPath(repo.objects, tree, path)
  if (entry?.kind !== 'series') return undefined
  const series = await readSeries(repo.objects, entry.id)
  let text = ''
  for await (const piece of writeCsv(series.schema, readRows(repo.objects, series))) {
    text += Buffer.from(piece).toString()
  }
  return text
}

/** The CSV of a series as it is staged. */
export async function staged(repo: Repository, path: string): Promise<string | undefined> {
  return textIn(repo, (await readIndex(repo)).state.tree, path)
}

/** The CSV of a series as it is committed. */
export async function committed(repo: Repository, path: string): Promise<string | undefined> {
  return textIn(repo, await treeOf(repo.objects, (await headState(repo)).id), path)
}

/** All that a command which fails must leave as it was. */
export async function everythingOf(repo: Repository) {
  const entries = await Promise.all(
    ['packs/', 'log/', 'checkpoints/'].map((prefix) => repo.storage.list(prefix)),
  )
  const names = entries.flat().map(({ name }) => name)
  if (repo.workTree === undefined) return { names: names.sort() }
  const files: string[] = []
  for await (const { path, stat } of repo.workTree.list()) files.push(`${path} ${stat.mtimeNs}`)
  return { names: names.sort(), index: await readStoredIndex(repo), files }
}

/** The repository as it is for someone else, without all that the log does not name. */
export async function prune(repo: Repository): Promise<Repository> {
  const { packs } = await repo.refs.state()
  for (const name of await repo.objects.packNames()) {
    if (!packs.has(name)) await repo.storage.delete(`packs/${name}.pack`)
  }
  return openRepositoryParts({ storage: repo.storage })
}
