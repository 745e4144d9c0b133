import { beforeAll, describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import type { LogState } from '../../src/plumbing/read-log.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { type FsckProblem, type FsckSummary, fsck } from '../../src/porcelain/fsck.ts'
import { type FsckLost, type FsckRepair, repair } from '../../src/porcelain/fsck-repair.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import {
  type Files,
  filesOf,
  type Reading,
  readEverything,
  repositoryWith,
  sampleRepository,
  storageWith,
  wrongIn,
} from '../support/damage.ts'
import { ann, collect } from '../support/repositories.ts'
import { seededRandom } from '../support/seeded-random.ts'

let files: Files
let truth: Reading

beforeAll(async () => {
  files = await filesOf((await sampleRepository({ rows: 300, series: 3, commits: 3 })).storage)
  truth = await readEverything(await repositoryWith(files))
})

interface Repaired {
  readonly problems: readonly FsckProblem[]
  readonly repair: FsckRepair | undefined
  readonly lost: readonly FsckLost[]
  readonly summary: FsckSummary
  /** Opened anew. */
  readonly repo: Repository
  readonly state: LogState
}

async function repaired(
  damaged: Repository,
  options: { from?: Repository; salvage?: boolean },
): Promise<Repaired> {
  const items = await collect(repair(damaged, { who: ann(900), ...options }))
  const of = <K extends string>(kind: K) =>
    items.filter((item): item is Extract<typeof item, { kind: K }> => item.kind === kind)
  const repo = await repositoryWith(await filesOf(damaged.storage))
  return {
    problems: of('problem'),
    repair: of('repair')[0],
    lost: of('lost'),
    summary: of('summary')[0]!,
    repo,
    state: await repo.refs.state(),
  }
}

function flip(name: string, at: number): Map<string, Uint8Array> {
  const bytes = files.get(name)!.slice()
  bytes[at]! ^= 4
  return new Map([[name, bytes]])
}

const packNames = () => [...files.keys()].filter((name) => name.startsWith('packs/'))
const logFiles = () => [...files.keys()].filter((name) => !name.startsWith('packs/'))
const packsOf = async (repo: Repository) => [...(await repo.refs.state()).packs].sort()
const largest = (folder: string) =>
  [...files]
    .filter(([name]) => name.startsWith(folder))
    .sort((a, b) => b[1].length - a[1].length)[0]!

/** All that is said of data, refs and commits; the log itself has grown by what was done. */
function dataOf(reading: Reading): [string, string][] {
  return [...reading].filter(([name]) => name !== 'refs' && name !== 'reflog')
}

describe('fsck --repair-from', () => {
  it('fetches what is damaged from another copy, wherever the damage is', async () => {
    const random = seededRandom(3)
    for (const name of packNames()) {
      const at = Math.floor(random() * files.get(name)!.length)
      const changed = flip(name, at)
      const damaged = await repositoryWith(files, changed)
      const found = await repaired(damaged, { from: await repositoryWith(files) })
      expect({ name, at, lost: found.lost }).toEqual({ name, at, lost: [] })
      expect(found.summary.problems).toBe(0)
      expect(found.repair?.aside).toEqual([`damaged/${name}`])
      expect(await damaged.storage.get(`damaged/${name}`)).toEqual(changed.get(name))
      expect(dataOf(await readEverything(found.repo))).toEqual(dataOf(truth))
    }
  })

  it('fetches all that a pack held that is gone', async () => {
    for (const name of packNames()) {
      const rest = new Map([...files].filter(([other]) => other !== name))
      const damaged = await repositoryWith(rest)
      const found = await repaired(damaged, { from: await repositoryWith(files) })
      expect(found.lost).toEqual([])
      expect(dataOf(await readEverything(found.repo))).toEqual(dataOf(truth))
    }
  })

  it('leaves what it cannot mend as it is', async () => {
    const [name, bytes] = largest('packs/')
    const damaged = await repositoryWith(files, flip(name, bytes.length >> 1))
    const other = await sampleRepository({ rows: 5, series: 0, commits: 0 })
    const before = await readEverything(await repositoryWith(await filesOf(damaged.storage)))
    const found = await repaired(damaged, { from: other })
    expect(found.lost.length).toBeGreaterThan(0)
    expect(found.repair?.aside).toEqual([])
    expect(await damaged.storage.size(name)).toBe(bytes.length)
    expect(dataOf(await readEverything(found.repo))).toEqual(dataOf(before))
  })

  it('takes what it can of a copy that is damaged, too', async () => {
    const [name, bytes] = largest('packs/')
    let whole = 0
    for (const other of packNames()) {
      const from = await repositoryWith(files, flip(other, files.get(other)!.length - 1))
      const damaged = await repositoryWith(files, flip(name, bytes.length >> 1))
      const found = await repaired(damaged, { from })
      if (found.lost.length === 0) whole++
      else expect(found.lost.length).toBeLessThanOrEqual(found.problems.length)
      const values = dataOf(await readEverything(found.repo))
      expect(
        values.filter(([at, text]) => !text.startsWith('error') && truth.get(at) !== text),
      ).toEqual([])
    }
    expect(whole).toBeGreaterThan(0)
  })

  it('takes what is damaged or gone of the ref log from a copy that has it', async () => {
    for (const name of logFiles()) {
      const damaged = await repositoryWith(files, flip(name, 40))
      const found = await repaired(damaged, { from: await repositoryWith(files) })
      expect({ name, lost: found.lost }).toEqual({ name, lost: [] })
      expect(found.summary.problems).toBe(0)
      expect(found.repair).toMatchObject({ refLogFetched: true, aside: [`damaged/${name}`] })
      expect(await readEverything(found.repo)).toEqual(truth)
      expect(await packsOf(found.repo)).toEqual(await packsOf(await repositoryWith(files)))
    }
  })

  it('takes no entry of a ref log that has gone another way, or does not have it', async () => {
    const last = logFiles()
      .filter((name) => name.startsWith('log/'))
      .sort()
      .at(-1)!
    const shorter = new Map([...files].filter(([name]) => name !== last))
    const foreign = await sampleRepository({ rows: 5, series: 1, commits: 2 })
    for (const from of [await repositoryWith(shorter), foreign]) {
      const damaged = await repositoryWith(files, flip(last, 40))
      const before = await filesOf(damaged.storage)
      await expect(repaired(damaged, { from })).rejects.toMatchObject({ code: 'corrupt-log' })
      expect(await filesOf(damaged.storage)).toEqual(before)
    }
  })
})

describe('fsck --salvage', () => {
  it('keeps all but what the damaged bytes were', async () => {
    const [name, bytes] = largest('packs/')
    const random = seededRandom(5)
    let lostValues = 0
    for (let i = 0; i < 12; i++) {
      const at = Math.floor(random() * bytes.length)
      const damaged = await repositoryWith(files, flip(name, at))
      const found = await repaired(damaged, { salvage: true })
      const reading = await readEverything(found.repo)
      expect(wrongIn(new Map(dataOf(truth)), new Map(dataOf(reading)))).toEqual([])
      const errors = dataOf(reading).filter(([, text]) => text.startsWith('error'))
      expect(errors.length > 0).toBe(found.lost.some(({ object }) => object !== undefined))
      lostValues += errors.length
      expect(await damaged.storage.size(name)).toBe(undefined)
      expect(await damaged.storage.size(`damaged/${name}`)).toBe(bytes.length)
      expect(found.summary.packs).toBeLessThanOrEqual(packNames().length)
    }
    expect(lostValues).toBeGreaterThan(0)
  })

  it('rebuilds an index: whatever byte of it is wrong, nothing is lost', async () => {
    const [name, bytes] = largest('packs/')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const records = view.getUint32(bytes.length - 14, true)
    const [w, v] = [bytes[bytes.length - 10]!, bytes[bytes.length - 9]!]
    const start = bytes.length - 14 - records * (32 + w + v)
    const ids = [start, start + 32 * 3 + 5, start + 32 * (records - 1)]
    const ends = [start + 32 * records, start + 32 * records + w * 4 + 1]
    const order = [bytes.length - 15]
    const footer = Array.from({ length: 14 }, (_, i) => bytes.length - 14 + i)
    for (const at of [...ids, ...ends, ...order, ...footer]) {
      const found = await repaired(await repositoryWith(files, flip(name, at)), { salvage: true })
      expect({ at: at - start, lost: found.lost }).toEqual({ at: at - start, lost: [] })
      expect(dataOf(await readEverything(found.repo))).toEqual(dataOf(truth))
    }
  })

  it('says what is lost: the series, the column and the range', async () => {
    const [name, bytes] = largest('packs/')
    for (let at = 200; at < bytes.length; at += 97) {
      const found = await repaired(await repositoryWith(files, flip(name, at)), { salvage: true })
      const lost = found.lost.find(({ column }) => column !== undefined)
      if (lost === undefined) continue
      expect(lost).toMatchObject({
        object: expect.stringMatching(/^[0-9a-f]{64}$/),
        path: expect.any(String),
        commit: expect.stringMatching(/^[0-9a-f]{64}$/),
        first: expect.stringMatching(/^20/),
        last: expect.stringMatching(/^20/),
        rows: expect.any(Number),
      })
      return
    }
    throw new Error('no column was hit')
  })

  it('lets go of a pack that is gone though nothing needs it, so that gc works again', async () => {
    const first = packNames()[0]!
    const repo = await repositoryWith(files)
    await gc(repo, { who: ann(800), now: 800_000 })
    const whole = await filesOf(repo.storage)
    const log = [...files].filter(([name]) => !name.startsWith('packs/'))
    const packs = [...whole].filter(([name]) => name.startsWith('packs/'))
    const others = [...files].filter(([name]) => name.startsWith('packs/') && name !== first)
    const damaged = await repositoryWith(new Map([...log, ...others, ...packs]))
    const found = await repaired(damaged, { salvage: true })
    expect(found.problems.some(({ message }) => message.endsWith('is missing'))).toBe(true)
    expect(found.lost).toEqual([])
    expect(dataOf(await readEverything(found.repo))).toEqual(dataOf(truth))
    await gc(found.repo, { who: ann(801), now: 801_000 })
  })

  it('ends a log that is damaged with what it says all the same', async () => {
    const logFiles = [...files.keys()].filter((name) => !name.startsWith('packs/'))
    for (const name of logFiles) {
      // Byte 7 is the version: that of a later varve would be refused.
      const damaged = await repositoryWith(files, flip(name, name.endsWith('1') ? 7 : 30))
      const found = await repaired(damaged, { salvage: true })
      const reading = await readEverything(found.repo)
      for (const [what, text] of dataOf(reading)) expect(truth.get(what)).toBe(text)
      // What only an entry said is lost; a checkpoint or an archive is computed again.
      const isEntry = name.startsWith('log/')
      expect(found.lost).toMatchObject(isEntry ? [{ code: 'corrupt-log', file: name }] : [])
      expect(found.summary.problems).toBe(isEntry ? 1 : 0)
      expect(await damaged.storage.get(`damaged/${name}`)).toBeDefined()
      const isLast =
        name ===
        logFiles
          .filter((other) => other.startsWith('log/'))
          .sort()
          .at(-1)
      // Of the last entry nobody knows what refs became: what they were before stays.
      if (!isLast) expect(dataOf(reading)).toEqual(dataOf(truth))
    }
  })

  it('keeps the commit of a lost last entry under a tag, whole also after prune', async () => {
    const storage = await storageWith(files)
    const last = (await repositoryWith(files)).refs
    const { refs, number } = await last.state()
    const tip = refs.get('refs/heads/main')!
    const entry = `log/${String(number).padStart(12, '0')}`
    await storage.delete(entry)
    await storage.putIfAbsent(entry, new Uint8Array(0))
    const damaged = assembleRepository({ storage })
    const items = await collect(repair(damaged, { who: ann(900), salvage: true }))
    const ref = `refs/tags/salvaged/${tip.slice(0, 7)}`
    const [kept, lost, summary] = items.slice(-3)
    expect(kept).toMatchObject({ kind: 'kept', type: 'commit', object: tip, ref })
    expect(kept).toMatchObject({ follows: ['refs/heads/main'] })
    expect(lost).toMatchObject({ kind: 'lost', code: 'corrupt-log', file: entry })
    expect(summary).toMatchObject({ kind: 'summary', problems: 1 })
    const mended = assembleRepository({ storage })
    await gc(mended, { who: ann(901), now: 2_000_000_000_000, prune: 'now' })
    expect((await mended.refs.state()).refs.get(ref)).toBe(tip)
    const reading = await readEverything(assembleRepository({ storage }))
    expect(dataOf(reading)).toEqual(expect.arrayContaining(dataOf(truth)))
    expect(await collect(fsck(mended))).toMatchObject([{ kind: 'summary', problems: 0 }])
  })

  it('frees no number of the log and lets go of no pack, at whatever call it is stopped', async () => {
    const logFiles = [...files.keys()].filter((name) => !name.startsWith('packs/'))
    for (const name of logFiles) {
      const broken = await repositoryWith(files, flip(name, 30))
      const { number, packs } = (await repaired(broken, { salvage: true })).state
      for (let stop = 0, isOver = false; !isOver; stop++) {
        const storage = await storageWith(files, flip(name, 30))
        let calls = 0
        const die = (call: string): void => {
          const changes = /^(putIfAbsent|publish|delete)/.test(call)
          if (changes && calls++ >= stop) throw new VarveError('io', 'the machine has stopped')
        }
        const dying = assembleRepository({ storage: controlStorage(storage, { before: die }) })
        isOver = await repaired(dying, { salvage: true }).then(
          () => true,
          () => false,
        )
        const found = await repaired(assembleRepository({ storage }), { salvage: true })
        const lost = found.lost.filter(({ file }) => file === undefined)
        expect({ name, stop, lost }).toEqual({ name, stop, lost: [] })
        expect(found.state.number).toBeGreaterThanOrEqual(number)
        expect([...found.state.packs].sort()).toEqual([...packs].sort())
      }
    }
  }, 60_000)

  it('goes on where a file of the log is gone', async () => {
    const logFiles = [...files.keys()].filter((name) => /^(log|checkpoints)/.test(name))
    const last = logFiles
      .filter((name) => name.startsWith('log/'))
      .sort()
      .at(-1)
    for (const name of logFiles) {
      if (name === last) continue
      const rest = new Map([...files].filter(([other]) => other !== name))
      const found = await repaired(await repositoryWith(rest), { salvage: true })
      const lost = found.lost.filter(({ file }) => file !== name)
      expect({ name, lost }).toEqual({ name, lost: [] })
      expect(dataOf(await readEverything(found.repo))).toEqual(dataOf(truth))
    }
  })

  it('changes nothing where nothing is wrong', async () => {
    const storage = await storageWith(files)
    const found = await repaired(await repositoryWith(await filesOf(storage)), { salvage: true })
    expect(found.repair).toBe(undefined)
    expect(found.summary.problems).toBe(0)
    expect(await filesOf(found.repo.storage)).toEqual(await filesOf(storage))
  })
})
