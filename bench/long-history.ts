import { writeCommit } from '../src/core/commit.ts'
import { frameFromRows } from '../src/core/frame.ts'
import type { Id } from '../src/core/id.ts'
import type { ObjectWriter } from '../src/core/objects.ts'
import type { Schema } from '../src/core/schema.ts'
import { buildSeries } from '../src/core/series-build.ts'
import { editSeries } from '../src/core/series-edit.ts'
import { EMPTY_TREE, type PathEdit, updatePaths } from '../src/core/tree.ts'
import { initRepository, initRepositoryFolder } from '../src/plumbing/init-repository.ts'
import type { Repository } from '../src/plumbing/repository.ts'
import { openFileSystemStorage } from '../src/storage/file-system.ts'

export interface LongHistoryOptions {
  readonly commits: number
  readonly series: number
  /** Told how many commits there are, some thousand at a time. */
  readonly onCommits?: (commits: number) => void
}

const schema: Schema = {
  columns: [
    { name: 'time', type: 'timestamp_s' },
    { name: 'value', type: 'float64' },
  ],
  indexCount: 1,
  duplicates: false,
}
const START_S = Date.UTC(2016, 0, 1) / 1000
const AUTHORS = [
  'Ada Lovelace',
  'Grace Hopper',
  'Mary Somerville',
  'Émilie du Châtelet',
  'Wang Zhenyi',
]
/** Series of one content have versions of their own: a commit takes a series from one to the next. */
const CONTENTS = 20
const VERSIONS = 25
const FIRST_ROWS = 200
/** Commits in a pack. */
const PACK_COMMITS = 5000
/**
 * Objects that are differences one to the next, at most. The more of them the smaller the packs, and the longer it takes
 * to make each that follows.
 */
const MOST_DEPTH = 3
/** Every so many commits a branch of some commits is merged. */
const BRANCH_EVERY = 250
const BRANCH_COMMITS = 3
const TAG_EVERY = 5000

/**
 * A bare repository, `FOLDER`, with a history of many commits over many series, all from the same numbers each time:
 * the first commit makes all series, the second last touches all of them, the others one, or three. Some revise.
 */
export async function makeLongHistory(folder: string, options: LongHistoryOptions): Promise<void> {
  const { commits, series, onCommits } = options
  await initRepositoryFolder(folder)
  const who = signature(0)
  const { repo } = await initRepository({ storage: openFileSystemStorage(folder), who })
  const packs: string[] = []
  const contents = await inPack(repo, packs, makeContents)
  const history = new History(contents, series)
  while (history.made < commits) {
    await inPack(repo, packs, async (batch) => {
      const until = Math.min(history.made + PACK_COMMITS, commits)
      while (history.made < until) await history.commit(batch, history.made === commits - 2)
    })
    onCommits?.(history.made)
  }
  const { number: since } = await repo.refs.state()
  const names = [['refs/heads/main', history.tip!] as const, ...history.tags]
  await repo.refs.append({
    updates: names.map(([name, id]) => ({ name, old: undefined, new: id })),
    who,
    message: 'a long history',
    packs,
    since,
  })
  await repo.storage.close()
}

async function inPack<T>(
  repo: Repository,
  packs: string[],
  fill: (batch: ObjectWriter) => Promise<T>,
): Promise<T> {
  const batch = await repo.objects.begin()
  const result = await fill(shallow(batch))
  const pack = await batch.publish()
  if (pack !== undefined) packs.push(pack)
  return result
}

/** A writer of which no object is a difference to one that is a difference too often. */
function shallow(batch: ObjectWriter): ObjectWriter {
  const depths = new Map<Id, number>()
  return {
    read: (id, kind) => batch.read(id, kind),
    async put(kind, canonical, { base, ...options } = {}) {
      const depth = base === undefined ? 0 : (depths.get(base) ?? 0) + 1
      const id = await batch.put(
        kind,
        canonical,
        depth > MOST_DEPTH ? options : { ...options, base },
      )
      depths.set(id, depth > MOST_DEPTH ? 0 : depth)
      return id
    },
  }
}

/** Each content in all its versions: rows are appended, and now and then some are revised. */
async function makeContents(batch: ObjectWriter): Promise<readonly (readonly Id[])[]> {
  const contents: Id[][] = []
  for (let content = 0; content < CONTENTS; content++) {
    const rowsOf = (from: number, to: number, by = 0) =>
      frameFromRows(
        schema,
        Array.from({ length: to - from }, (_, i) => [
          BigInt(START_S + (from + i) * 3600),
          Math.round(100 * (20 + content + 8 * Math.sin((from + i) / (9 + content)) + by)) / 100,
        ]),
      )
    let { id } = await buildSeries(batch, schema, [rowsOf(0, FIRST_ROWS)])
    const versions = [id]
    for (let version = 1; version < VERSIONS; version++) {
      const rows = FIRST_ROWS + version * 4
      const frames = version % 5 === 0 ? [rowsOf(rows - 8, rows - 4, 0.5)] : []
      const all = [...frames, rowsOf(rows - 4, rows)]
      id = (await editSeries(batch, id, { mode: 'upsert', frames: all })).id
      versions.push(id)
    }
    contents.push(versions)
  }
  return contents
}

/** Commits, one after the other. */
class History {
  made = 0
  tip: Id | undefined
  readonly tags: (readonly [string, Id])[] = []
  readonly #contents: readonly (readonly Id[])[]
  /** Which version each series has. */
  readonly #versions: Uint8Array
  #tree: Id = EMPTY_TREE
  /** Tips of a branch that is to be merged, and how many commits it has. */
  #branch: { readonly from: Id; readonly tip: Id; readonly commits: number } | undefined

  constructor(contents: readonly (readonly Id[])[], series: number) {
    this.#contents = contents
    this.#versions = new Uint8Array(series)
  }

  async commit(batch: ObjectWriter, touchesAll: boolean): Promise<void> {
    const at = this.made++
    const count = this.#versions.length
    const some = Array.from(
      { length: at % 10 === 9 ? 3 : 1 },
      (_, i) => (at * 7919 + i * 104_729) % count,
    )
    const isMerge = this.#branch?.commits === BRANCH_COMMITS
    const touched = at === 0 || touchesAll ? Array.from(this.#versions.keys()) : isMerge ? [] : some
    const edits = new Map<string, PathEdit>()
    for (const series of touched) {
      const version = at === 0 ? 0 : (this.#versions[series]! + 1) % VERSIONS
      this.#versions[series] = version
      const id = this.#contents[series % CONTENTS]![version]!
      edits.set(nameOf(series), { kind: 'series', id })
    }
    this.#tree = await updatePaths(batch, this.#tree, edits)
    const parents = isMerge
      ? [this.#branch!.from, this.tip!]
      : this.tip === undefined
        ? []
        : [this.tip]
    const message = isMerge ? `Merge branch 'fix-${at}'\n` : messageOf(at, touched)
    const who = signature(at)
    const commit = { tree: this.#tree, parents, author: who, committer: who, message }
    const id = await writeCommit(batch, commit)
    this.#follow(at, id, isMerge)
    if (at % TAG_EVERY === TAG_EVERY - 1) this.tags.push([`refs/tags/v${this.tags.length + 1}`, id])
  }

  #follow(at: number, id: Id, isMerge: boolean): void {
    if (isMerge) this.#branch = undefined
    else if (this.#branch !== undefined) {
      this.#branch = { ...this.#branch, tip: id, commits: this.#branch.commits + 1 }
    } else if (at % BRANCH_EVERY === BRANCH_EVERY - 1) {
      this.#branch = { from: id, tip: id, commits: 0 }
    }
    this.tip = id
  }
}

function nameOf(series: number): string {
  const station = String(Math.floor(series / 100)).padStart(3, '0')
  return `station-${station}/sensor-${String(series % 100).padStart(2, '0')}`
}

function messageOf(at: number, touched: readonly number[]): string {
  if (touched.length > 3) return at === 0 ? 'All stations\n' : 'Recalibrate all sensors\n'
  return `Measurements ${at} of ${touched.map(nameOf).join(', ')}\n`
}

/** Ten minutes apart. */
function signature(at: number) {
  const name = AUTHORS[at % AUTHORS.length]!
  const email = `${name.split(' ')[0]!.toLowerCase().replace('é', 'e')}@example.org`
  return { name, email, seconds: START_S + at * 600, offsetMinutes: 0 }
}
