import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { lookupPath, walkTree } from '../../src/core/tree.ts'
import { type Publication, readPublications } from '../../src/demo/publications.ts'
import { PUBLICATIONS, replay } from '../../src/demo/replay.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { deleteRows } from '../../src/porcelain/delete-rows.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { newRepository } from '../support/repositories.ts'
import { table, textIn } from '../support/tables.ts'

const ARCHIVE = new URL('../../examples/oil-prices/oil-prices-vintages.tar.zst', import.meta.url)
const HEADER = 'Date,Price'

/** A published table: the day, and the price as the shortest text of its double. */
type Prices = ReadonlyMap<string, string>

function parse(bytes: Uint8Array): Prices {
  const [header, ...lines] = Buffer.from(bytes).toString().split(/\r?\n/)
  expect(header).toBe(HEADER)
  const prices = new Map<string, string>()
  for (const line of lines) {
    // Rows without anything in them say nothing, and are skipped.
    if (line === '' || line === ',') continue
    const comma = line.indexOf(',')
    prices.set(line.slice(0, comma), String(Number(line.slice(comma + 1))))
  }
  return prices
}

function print(prices: Iterable<readonly [string, string]>): string {
  return `${[HEADER, ...Array.from(prices, ([date, price]) => `${date},${price}`)].join('\n')}\n`
}

/** Makes a series that holds `old` hold `now`, through the rows that differ alone. */
async function rewrite(
  repo: Repository,
  series: string,
  old: Prices | undefined,
  now: Prices,
): Promise<{ written: number; deleted: number }> {
  const changed = [...now].filter(([date, price]) => old?.get(date) !== price)
  const gone = [...(old?.keys() ?? [])].filter((date) => !now.has(date))
  if (changed.length > 0) {
    // Backwards: the order in which rows come must not matter.
    const input = table(print(changed.reverse()), series)
    await writeSeries(repo, { series, input, create: old === undefined })
  }
  for (const at of gone) await deleteRows(repo, { series, at })
  return { written: changed.length, deleted: gone.length }
}

async function commitRows(repo: Repository, { seconds }: Publication): Promise<Id> {
  const committer = { name: 'EIA', email: 'eia@example.org', seconds, offsetMinutes: 0 }
  const { id } = await commit(repo, { committer, exactDate: true, message: 'rows' })
  return id!
}

async function treeOf(repo: Repository, id: Id): Promise<Id> {
  return (await readCommit(repo.objects, id)).tree
}

describe('the publications of oil prices', () => {
  it('lead to the same trees by whole files and by changed rows, and read back as published', async () => {
    const publications = await readPublications(ARCHIVE)
    expect(publications).toHaveLength(PUBLICATIONS)
    const whole = await newRepository()
    const { commits } = await replay(whole, ARCHIVE, () => undefined)
    expect(commits.map(({ seconds }) => seconds)).toEqual(publications.map((p) => p.seconds))

    const piecewise = await newRepository({ workTree: true })
    const published = new Map<string, Prices>()
    const ids = new Map<string, Id>()
    const total = { written: 0, deleted: 0 }
    for (const [at, publication] of publications.entries()) {
      const tree = await treeOf(whole, commits[at]!.id)
      for (const [series, bytes] of publication.tables) {
        const now = parse(bytes)
        const { written, deleted } = await rewrite(piecewise, series, published.get(series), now)
        total.written += written
        total.deleted += deleted
        published.set(series, now)
        expect((await textIn(whole, tree, series)) === print(now)).toBe(true)
        ids.set(series, (await lookupPath(whole.objects, tree, series))!.id)
      }
      expect(await treeOf(piecewise, await commitRows(piecewise, publication))).toBe(tree)
      const held = new Map<string, Id>()
      for await (const { path, entry } of walkTree(whole.objects, tree)) held.set(path, entry.id)
      expect(held).toEqual(new Map([...ids].sort()))
    }
    // 25,311 rows are there in the end: no row was written without need.
    expect(total).toEqual({ written: 25_341, deleted: 10 })
  }, 120_000)
})
