import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeCommit } from '../../src/core/commit.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Id } from '../../src/core/id.ts'
import type { Schema } from '../../src/core/schema.ts'
import { firstKey, lastKey, readSeries } from '../../src/core/series.ts'
import { buildSeries } from '../../src/core/series-build.ts'
import { editSeries } from '../../src/core/series-edit.ts'
import { EMPTY_TREE, lookupPath, type PathEdit, updatePaths } from '../../src/core/tree.ts'
import { mergeCommits } from '../../src/plumbing/merge-commits.ts'
import { openRepositoryParts, type Repository } from '../../src/plumbing/repository.ts'
import { diffRows } from '../../src/porcelain/diff.ts'
import { openComparison } from '../../src/porcelain/open-comparison.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { openIn } from '../in-varve.ts'
import { type Cost, costOf, median } from '../measure.ts'
import type { Suite, Target } from '../suite.ts'
import type { Row } from '../table.ts'

const LIMIT_SECONDS = 0.05
const LIMIT_BYTES = 1_000_000
const CHANGED = 10
const person = { name: 'Bench', email: 'bench@example.com', seconds: 0, offsetMinutes: 0 }

/** Two branches with a change each, of one series of many rows and of ten of many series: merged, and compared. */
export const mergeSuite: Suite = {
  name: 'merge',
  about: 'merge and diff of commits in process: one value changed on each side; 10 series of many',
  targetRows: 10_000_000,
  async run({ folder, rows, runs }) {
    const series = Math.max(100, Math.round(rows / 100))
    const large = await measure(folder, runs, (repo) => oneLarge(repo, rows))
    const many = await measure(folder, runs, (repo) => manySmall(repo, series))
    const results = [
      { what: `merge: ${rows.toLocaleString('en-US')} rows, a value on each side`, ...large.merge },
      { what: `diff: ${rows.toLocaleString('en-US')} rows, one value`, ...large.diff },
      { what: `merge: ${series.toLocaleString('en-US')} series, ${CHANGED} each`, ...many.merge },
      { what: `diff: ${series.toLocaleString('en-US')} series, ${CHANGED} of them`, ...many.diff },
    ]
    return {
      rows: results.map((result) => rowOf(result.what, result)),
      targets: results.flatMap((result, i) => [
        time(result.what, result),
        ...(i < 2 ? [bytes(result.what, result)] : []),
      ]),
    }
  },
}

interface Measured extends Omit<Cost, 'peakBytes'> {
  readonly readBytes: number
}

function rowOf(what: string, { seconds, cpuSeconds, readBytes }: Measured): Row {
  return { what: `${what}, ${readBytes.toLocaleString('en-US')} bytes read`, seconds, cpuSeconds }
}

function time(what: string, { seconds, cpuSeconds }: Measured): Target {
  return { what, most: LIMIT_SECONDS, reached: seconds, reachedCpu: cpuSeconds, unit: 'seconds' }
}

function bytes(what: string, { readBytes }: Measured): Target {
  return { what: `${what}, read`, most: LIMIT_BYTES, reached: readBytes, unit: 'bytes' }
}

interface Sides {
  readonly base: Id
  readonly ours: Id
  readonly theirs: Id
}

/** What is measured, and that it did what it is to do. */
const works = {
  async merge(repo: Repository, { ours, theirs }: Sides): Promise<void> {
    const batch = await repo.objects.begin()
    const { conflicts } = await mergeCommits(repo, batch, { ours, theirs })
    if (conflicts > 0) throw new Error('conflicts where there are none')
    await batch.discard()
  },
  async diff(repo: Repository, { base, ours }: Sides): Promise<void> {
    let rows = 0
    const comparison = await openComparison(repo, { words: [base, ours] })
    for await (const item of diffRows(comparison))
      if (item.kind === 'rows') rows += item.rows.length
    if (rows === 0) throw new Error('no differences where there are some')
  },
}

/** Works on the two sides in repositories opened anew, once more than is counted: code is compiled. */
async function measure(
  folder: string,
  runs: number,
  make: (repo: Repository) => Promise<Sides>,
): Promise<Record<keyof typeof works, Measured>> {
  const path = join(folder, 'varve')
  try {
    const made = await openIn(path)
    const sides = await make(made)
    await made.close()
    const costsOf = async (work: (repo: Repository, sides: Sides) => Promise<void>) => {
      const costs: Measured[] = []
      for (let run = 0; run <= runs; run++) {
        let readBytes = 0
        const storage = counting(openFileSystemStorage(join(path, 'bench.varve')), (bytes) => {
          readBytes += bytes
        })
        const repo = await openRepositoryParts({ storage })
        await repo.refs.state()
        await repo.objects.has(sides.ours)
        readBytes = 0
        const cost = await costOf(() => work(repo, sides))
        await storage.close()
        if (run > 0) costs.push({ ...cost, readBytes })
      }
      const of = (figure: (cost: Measured) => number) => median(costs.map(figure))
      return {
        seconds: of((cost) => cost.seconds),
        cpuSeconds: of((cost) => cost.cpuSeconds),
        readBytes: of((cost) => cost.readBytes),
      }
    }
    return { merge: await costsOf(works.merge), diff: await costsOf(works.diff) }
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** A storage that tells how many bytes are read from it. */
function counting(storage: Storage, read: (bytes: number) => void): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function') return value
      const call = value.bind(target) as (...args: unknown[]) => unknown
      if (name !== 'get' && name !== 'range') return call
      return async (...args: unknown[]) => {
        const bytes = (await call(...args)) as Uint8Array | undefined
        read(bytes?.length ?? 0)
        return bytes
      }
    },
  })
}

const WIDE = 'sensors'

async function oneLarge(repo: Repository, rows: number): Promise<Sides> {
  const { schema } = dataSets[WIDE]
  const narrow = { ...schema, columns: schema.columns.slice(0, 2) }
  const revised = async (tree: Id, end: typeof firstKey): Promise<Id> => {
    const batch = await repo.objects.begin()
    const { id } = (await lookupPath(batch, tree, 'x'))!
    const key = end(await readSeries(batch, id))!
    const frames = [frameFromRows(narrow, [[...key, 4242]])]
    const edited = await editSeries(batch, id, { mode: 'upsert', frames })
    const next = await updatePaths(batch, tree, new Map([['x', { kind: 'series', id: edited.id }]]))
    await batch.publish()
    return next
  }
  const batch = await repo.objects.begin()
  const { id } = await buildSeries(batch, schema, dataSetFrames(WIDE, rows))
  const base = await updatePaths(batch, EMPTY_TREE, new Map([['x', { kind: 'series', id }]]))
  await batch.publish()
  return commits(repo, base, await revised(base, firstKey), await revised(base, lastKey))
}

const SMALL: Schema = {
  columns: [
    { name: 't', type: 'int64' },
    { name: 'v', type: 'float64' },
  ],
  indexCount: 1,
  duplicates: false,
}

export async function manySmall(repo: Repository, count: number): Promise<Sides> {
  const batch = await repo.objects.begin()
  const series = async (v: number) =>
    (
      await buildSeries(batch, SMALL, [
        frameFromRows(SMALL, [
          [0n, v],
          [1n, 1],
        ]),
      ])
    ).id
  const nameOf = (i: number) => `group${i % 100}/series${i}`
  const edit = async (i: number, v: number): Promise<[string, PathEdit]> => [
    nameOf(i),
    { kind: 'series', id: await series(v) },
  ]
  const all = new Map<string, PathEdit>()
  for (let i = 0; i < count; i++) all.set(...(await edit(i, i)))
  const base = await updatePaths(batch, EMPTY_TREE, all)
  const change = async (offset: number) => {
    const some = new Map<string, PathEdit>()
    for (let i = 0; i < CHANGED; i++) {
      some.set(...(await edit(Math.floor((i * count) / CHANGED) + offset, -i - 1)))
    }
    return updatePaths(batch, base, some)
  }
  const ours = await change(0)
  const theirs = await change(1)
  await batch.publish()
  return commits(repo, base, ours, theirs)
}

async function commits(repo: Repository, base: Id, ours: Id, theirs: Id): Promise<Sides> {
  const batch = await repo.objects.begin()
  const put = (tree: Id, parents: readonly Id[]) =>
    writeCommit(batch, { tree, parents, author: person, committer: person, message: 'x\n' })
  const parent = await put(base, [])
  const sides = {
    base: parent,
    ours: await put(ours, [parent]),
    theirs: await put(theirs, [parent]),
  }
  await batch.publish()
  return sides
}
