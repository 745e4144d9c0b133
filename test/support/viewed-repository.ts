import { join } from 'node:path'
import type { Scalar } from '../../src/core/column.ts'
import { writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { EMPTY_TREE, type PathEdit, updatePaths } from '../../src/core/tree.ts'
import { openRepositoryParts } from '../../src/plumbing/repository.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { varve } from './program.ts'
import { build, schemaOf } from './series.ts'
import { temporaryFolder } from './temporary.ts'

/** What the clock of a program says that is shown {@link viewedRepository}. */
export const VIEWED_AT = '2026-08-21T09:00:00Z'

const DAY = 86_400
const FIRST = Date.UTC(2026, 0, 1) / 1000
const prices = schemaOf('date:date price:float64 volume:int64')
const readings = schemaOf('time:timestamp_s temperature:float64 humidity:float64')

interface Step {
  readonly name: string
  /** Positions of the commits before it. */
  readonly parents: readonly number[]
  readonly day: string
  readonly message: string
  readonly series: Readonly<Record<string, readonly (readonly Scalar[])[] | undefined>>
}

/** Closing prices of weekdays, the first `days` days of 2026; some of them as they were revised. */
function pricesOf(days: number, base: number, revised: ReadonlyMap<number, number> = new Map()) {
  return Array.from({ length: days }, (_, day): Scalar[] => [
    FIRST / DAY + day,
    revised.get(day) ??
      Math.round(100 * (base + 6 * Math.sin(day / 17) + 2 * Math.sin(day / 3))) / 100,
    day % 11 === 5 ? null : BigInt(1000 + ((day * 37) % 400)),
  ]).filter((_, day) => day % 7 < 5)
}

/** Readings of every hour, with nulls and a gap of a day. */
function readingsOf(hours: number): Scalar[][] {
  return Array.from({ length: hours }, (_, hour): Scalar[] => [
    BigInt(FIRST + 200 * DAY + hour * 3600),
    hour % 29 === 7 ? null : Math.round(10 * (18 + 7 * Math.sin(hour / 3.8))) / 10,
    hour < 40 ? null : 40 + ((hour * 13) % 50),
  ]).filter((_, hour) => hour < 100 || hour >= 124)
}

const restated = new Map([
  [200, 81.5],
  [203, 82.25],
])
const withdrawn = new Map([...restated, [210, 64.1]])

/** A branch with a merge, revisions, a new series, a deleted one, and two tags. */
const steps: readonly Step[] = [
  {
    name: 'Ada Lovelace',
    parents: [],
    day: '2026-05-04T08:00:00Z',
    message: 'Prices of oil until May',
    series: { 'prices/brent': pricesOf(120, 70), 'prices/wti': pricesOf(120, 66) },
  },
  {
    name: 'Ada Lovelace',
    parents: [0],
    day: '2026-07-22T08:00:00Z',
    message: 'Prices until July\n\nFrom the weekly bulletin.',
    series: { 'prices/brent': pricesOf(200, 70), 'prices/wti': pricesOf(200, 66) },
  },
  {
    name: 'Grace Hopper',
    parents: [1],
    day: '2026-08-03T10:00:00Z',
    message: 'The first readings of Geneva',
    series: { 'stations/geneva': readingsOf(90), 'old/notes': pricesOf(3, 1) },
  },
  {
    name: 'Émilie du Châtelet',
    parents: [2],
    day: '2026-08-10T10:00:00Z',
    message: 'Brent of July',
    series: { 'prices/brent': pricesOf(212, 70) },
  },
  {
    name: 'Grace Hopper',
    parents: [2],
    day: '2026-08-11T10:00:00Z',
    message: 'Readings of a week',
    series: { 'stations/geneva': readingsOf(300) },
  },
  {
    name: 'Ada Lovelace',
    parents: [3, 4],
    day: '2026-08-12T10:00:00Z',
    message: "Merge branch 'readings'",
    series: { 'prices/brent': pricesOf(212, 70), 'stations/geneva': readingsOf(300) },
  },
  {
    name: 'Ada Lovelace',
    parents: [5],
    day: '2026-08-18T10:00:00Z',
    message: 'Nobody needs the notes any more',
    series: { 'old/notes': undefined },
  },
  {
    name: 'Grace Hopper',
    parents: [6],
    day: '2026-08-20T07:30:00Z',
    message: 'Brent restated for 20 and 23 July\n\nThe exchange corrected two settlements.',
    series: { 'prices/brent': pricesOf(220, 70, restated) },
  },
  {
    name: 'Ada Lovelace',
    parents: [7],
    day: '2026-08-20T16:00:00Z',
    message: 'A quotation of 30 July that was none',
    series: { 'prices/brent': pricesOf(222, 70, withdrawn), 'prices/wti': pricesOf(222, 66) },
  },
  {
    name: 'Grace Hopper',
    parents: [8],
    day: '2026-08-21T08:30:00Z',
    message: 'Readings of this morning',
    series: { 'stations/geneva': readingsOf(330) },
  },
]

/**
 * A repository with a work tree and a small history, of the same ids each time: ten commits on main, the tags `v1` and
 * `v2`, the branch `readings`. Returns its folder.
 */
export async function viewedRepository(): Promise<string> {
  const folder = join(temporaryFolder(), 'prices')
  await varve(['init', folder])
  const storage = openFileSystemStorage(join(folder, '.varve'))
  const repo = await openRepositoryParts({ storage })
  const batch = await repo.objects.begin()
  const trees: Id[] = []
  const ids: Id[] = []
  for (const { parents, name, day, message, series } of steps) {
    const edits = new Map<string, PathEdit | undefined>()
    for (const [path, rows] of Object.entries(series)) {
      const schema = path.startsWith('stations/') ? readings : prices
      edits.set(path, rows && { kind: 'series', id: await build(batch, schema, rows) })
    }
    const tree = await updatePaths(batch, trees[parents[0] ?? -1] ?? EMPTY_TREE, edits)
    const email = `${name.split(' ')[0]!.toLowerCase().replace('é', 'e')}@example.org`
    const who = { name, email, seconds: Date.parse(day) / 1000, offsetMinutes: 0 }
    const before = parents.map((at) => ids[at]!)
    const commit = { tree, parents: before, author: who, committer: who, message: `${message}\n` }
    trees.push(tree)
    ids.push(await writeCommit(batch, commit))
  }
  const pack = await batch.publish()
  const refs = { 'heads/main': 9, 'heads/readings': 4, 'tags/v1': 1, 'tags/v2': 8 }
  const who = { name: 'Ada Lovelace', email: 'ada@example.org', seconds: 0, offsetMinutes: 0 }
  await repo.refs.append({
    updates: Object.entries(refs).map(([ref, at]) => {
      return { name: `refs/${ref}`, old: undefined, new: ids[at]! }
    }),
    who,
    message: 'a history to look at',
    packs: [pack!],
    since: (await repo.refs.state()).number,
  })
  await storage.close()
  await varve(['reset', '--hard'], { cwd: folder })
  return folder
}
