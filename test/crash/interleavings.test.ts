import { beforeAll, describe, expect, it } from 'vitest'
import { hasCode, VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { type Reference, walkReferences } from '../../src/core/references.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { transactionRules } from '../../src/plumbing/complete-transaction.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { mergeInto } from '../../src/plumbing/merge-packs.ts'
import { privateRoots } from '../../src/plumbing/reachable.ts'
import {
  assembleRepository,
  openRepositoryParts,
  type Repository,
} from '../../src/plumbing/repository.ts'
import { updateRef } from '../../src/plumbing/update-ref.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { gc, prune } from '../../src/porcelain/gc.ts'
import { log } from '../../src/porcelain/log.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createMemoryPrivateFiles } from '../../src/storage/private-files.ts'
import { openRefLog, type RefLog } from '../../src/storage/ref-log.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { openWorkTree } from '../../src/storage/work-tree.ts'
import { effort } from '../support/effort.ts'
import { Interleaving } from '../support/interleaving.ts'
import { ann, collect } from '../support/repositories.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { table } from '../support/tables.ts'
import { temporaryFolder } from '../support/temporary.ts'

const MAIN = 'refs/heads/main'
/** So late that the reflog of what is done in these tests keeps nothing. */
const LATE = 400 * 86_400
const folder = temporaryFolder()

async function write(repo: Repository, row: number, at: number, staged = false): Promise<Id> {
  const commit = { author: ann(at), committer: ann(at), message: `row ${row}\n` }
  const input = table(`n,v\n${row},${row * 7}\n`)
  const options = { series: 'prices', input, create: true, ...(!staged && { commit }) }
  return (await writeSeries(repo, options)).commit!
}

interface Start {
  readonly storage: Storage
  /** A commit that nothing leads to but the log, long ago. */
  readonly lost: Id
}

/**
 * Some commits; one that nothing leads to any more; and what three writers left that did not come to their ends. What
 * is lost is just what some of the actors are about to write.
 */
async function start(): Promise<Start> {
  const storage = createMemoryStorage()
  const { repo } = await initRepository({ storage, who: ann(0) })
  for (const row of [1, 2, 3]) await write(repo, row, row)
  const tip = (await repo.refs.state()).refs.get(MAIN)!
  const lost = await write(repo, 50, 50)
  const changes = [{ ref: MAIN, new: tip }]
  await updateRef(repo, { changes, who: ann(51), message: 'back' })
  for (const row of [51, 52]) {
    const failing = assembleRepository({ storage })
    const append = () => Promise.reject(new Error('stopped'))
    await write({ ...failing, refs: refsWith(failing.refs, { append }) }, row, row).catch(() => 0)
  }
  return { storage, lost }
}

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = createMemoryStorage()
  for (const part of ['packs/', 'log/', 'checkpoints/', 'archive/']) {
    for (const { name } of await storage.list(part)) {
      await copy.putIfAbsent(name, (await storage.get(name))!)
    }
  }
  return copy
}

type Refs = Pick<RefLog, 'state' | 'append' | 'entries' | 'archive'>

function refsWith(refs: RefLog, changed: Partial<Refs>): RefLog {
  const own: Refs = {
    state: () => refs.state(),
    append: (transaction, options) => refs.append(transaction, options),
    entries: (options) => refs.entries(options),
    archive: () => refs.archive(),
  }
  return { ...own, ...changed } as RefLog
}

/** What is done wrong on purpose, to see that it is noticed. */
interface Mutant {
  readonly writer?: (repo: Repository) => Repository
  readonly collector?: (repo: Repository) => Repository
}

const actors = ['same', 'other', 'stage', 'back', 'gc', 'prune', 'merge', 'reader'] as const
type Actor = (typeof actors)[number]

/** How often each actor came to its end, and how often it was told that it was too late. */
class Tally {
  readonly done = new Map<string, number>()
  readonly told = new Map<string, number>()

  count(actor: string, isDone: boolean): void {
    const counts = isDone ? this.done : this.told
    counts.set(actor, (counts.get(actor) ?? 0) + 1)
  }
}

/** Runs some actors at once, in an order that follows from the seed. Returns what is wrong afterwards. */
async function play(
  { storage: from, lost }: Start,
  seed: number,
  mutant: Mutant = {},
  tally = new Tally(),
): Promise<string[]> {
  const shared = await copyOf(from)
  const files = createMemoryPrivateFiles()
  const turns = new Interleaving(seed)
  const random = seededRandom(seed + 1_000_000)
  const reads: string[] = []
  const repoOf = async (actor: string, hasWorkTree: boolean): Promise<Repository> => {
    const storage = turns.storage(actor, shared)
    if (!hasWorkTree) return openRepositoryParts({ storage })
    return openRepositoryParts({
      storage,
      privateFiles: turns.privateFiles(actor, files),
      workTree: openWorkTree(folder, folder),
    })
  }
  const writer = async (actor: Actor, hasWorkTree = false): Promise<Repository> => {
    const repo = await repoOf(actor, hasWorkTree)
    return mutant.writer?.(repo) ?? repo
  }
  const collector = async (actor: Actor): Promise<Repository> => {
    const repo = await repoOf(actor, true)
    return mutant.collector?.(repo) ?? repo
  }
  const late = { who: ann(LATE), now: LATE * 1000 }
  const expire = random() < 0.7 ? 'now' : 'never'
  const acts: Record<Actor, () => Promise<Id | undefined>> = {
    same: async () => write(await writer('same'), 50, 50),
    other: async () => write(await writer('other'), 51, 51),
    stage: async () => {
      const repo = await writer('stage', true)
      await write(repo, random() < 0.5 ? 50 : 52, 52, true)
      return (await commit(repo, { committer: ann(60), message: 'staged' })).id
    },
    back: async () => {
      const changes = [{ ref: 'refs/heads/back', new: lost }]
      await updateRef(await writer('back'), { changes, who: ann(70), message: 'back' })
      return lost
    },
    gc: async () => {
      await gc(await collector('gc'), { ...late, prune: expire })
      return undefined
    },
    prune: async () => {
      await prune(await collector('prune'), { ...late, expire: 'now' })
      return undefined
    },
    merge: async () => {
      const repo = await repoOf('merge', false)
      const names = [...(await repo.refs.state()).packs].filter(() => random() < 0.7)
      if (names.length > 1) await mergeInto(repo, names, { who: ann(80), message: 'merge' })
      return undefined
    },
    reader: async () => {
      for (let round = 0; round < 2; round++)
        await readAll(await repoOf('reader', false), [], reads)
      return undefined
    },
  }
  // One who removes, one who needs what is removed, and some of the others.
  const chosen = actors.filter((actor) => {
    if (actor === 'gc') return random() < 0.85
    return random() < (actor === 'reader' || actor === 'merge' ? 0.3 : 0.55)
  })
  const results = await turns.run(new Map(chosen.map((actor) => [actor, acts[actor]])))
  const problems = reads.map((text) => `reader: ${text}`)
  const made: Id[] = []
  for (const [actor, result] of results) {
    tally.count(actor, !(result instanceof Error))
    if (!(result instanceof Error)) {
      if (result !== undefined) made.push(result)
      continue
    }
    // A merge that fails is tried again by a later command.
    if (actor === 'merge' && result instanceof VarveError) continue
    // Who was too late is told so.
    const isTold =
      hasCode(result, 'conflict') ||
      hasCode(result, 'object-not-found') ||
      hasCode(result, 'refused')
    const isNothing = hasCode(result, 'nothing-to-commit')
    if (!isTold && !isNothing) problems.push(`${actor}: ${result.stack}`)
  }
  const privateParts = { privateFiles: files, workTree: openWorkTree(folder, folder) }
  await readAll(assembleRepository({ storage: shared, ...privateParts }), made, problems)
  if (problems.length > 0) return problems
  const last = assembleRepository({ storage: shared, ...privateParts })
  await gc(last, { ...late, prune: 'now' })
  await readAll(assembleRepository({ storage: shared, ...privateParts }), made, problems)
  return problems
}

/** Reads all that refs, and a work tree, lead to; refs must lead to all of `made`. */
async function readAll(repo: Repository, made: readonly Id[], problems: string[]): Promise<void> {
  try {
    const state = await repo.refs.state()
    const seen = new Set<Id>()
    const roots: Reference[] = [...state.refs.values()].map((id) => ({ kind: 'commit', id }))
    if (repo.workTree !== undefined) roots.push(...(await privateRoots(repo)))
    for (const root of roots) {
      await walkReferences(repo.objects, root, async ({ id }) => {
        if (seen.has(id) || id === EMPTY_TREE) return false
        seen.add(id)
        await repo.objects.readVerified(id)
        return true
      })
    }
    for (const id of made) if (!seen.has(id)) problems.push(`${id} is lost`)
    if (repo.workTree === undefined) return
    const commits = await collect(log(repo, { words: ['main'] }))
    if (commits.length < 3) problems.push(`main has ${commits.length} commits`)
    for (const name of state.packs) {
      if ((await repo.storage.size(`packs/${name}.pack`)) === undefined) problems.push('a pack')
    }
  } catch (error) {
    problems.push(String((error as Error).stack))
  }
}

const interleavings = effort({ quick: 100, usual: 2_000, nightly: 50_000 })

describe('gc beside writers', () => {
  let from: Start
  beforeAll(async () => {
    from = await start()
  })

  it(`loses nothing in any of ${interleavings} interleavings`, async () => {
    const tally = new Tally()
    for (let seed = 0; seed < interleavings; seed++) {
      expect({ seed, problems: await play(from, seed, {}, tally) }).toEqual({ seed, problems: [] })
    }
    process.stderr.write(
      `interleavings: ${interleavings}; done ${[...tally.done].join(' ')}; too late ${[...tally.told].join(' ')}\n`,
    )
    // Who is always told to be too late loses nothing either. What is staged is of a series that others change, too.
    for (const actor of actors) {
      const [done, told] = [tally.done.get(actor) ?? 0, tally.told.get(actor) ?? 0]
      const least = actor === 'stage' ? told / 10 : told
      expect(done, `${actor}: ${done} done, ${told} too late`).toBeGreaterThan(least)
    }
  }, 7_200_000)

  const mutants: Record<string, Mutant> = {
    'a writer that does not look again whether all is there': {
      writer: (repo) => {
        const { onState } = transactionRules(repo.objects)
        return { ...repo, refs: openRefLog(repo.storage, { onState: onState! }) }
      },
    },
    'a gc that does not look at what was written meanwhile': {
      collector: (repo) => ({
        ...repo,
        refs: refsWith(repo.refs, {
          append: async (transaction) =>
            repo.refs.append(transaction, { after: (await repo.refs.state()).number }),
        }),
      }),
    },
    'a gc that removes packs before the log says so': {
      collector: (repo) => ({
        ...repo,
        refs: refsWith(repo.refs, {
          append: async (transaction, options) => {
            for (const name of transaction.retiredPacks ?? []) {
              await repo.storage.delete(`packs/${name}.pack`)
            }
            return repo.refs.append(transaction, options)
          },
        }),
      }),
    },
    'a prune of which the log knows nothing': {
      collector: (repo) => ({
        ...repo,
        refs: refsWith(repo.refs, {
          append: async (transaction, options) => {
            if (!transaction.message.startsWith('prune'))
              return repo.refs.append(transaction, options)
            for (const name of transaction.retiredPacks ?? []) {
              await repo.storage.delete(`packs/${name}.pack`)
            }
            return { ...transaction, number: (await repo.refs.state()).number, uuid: '' }
          },
        }),
      }),
    },
    'a gc that does not look at the index': {
      collector: ({ privateFiles: _, workTree: __, ...repo }) => repo,
    },
  }
  for (const [name, mutant] of Object.entries(mutants)) {
    it(`would notice ${name}`, async () => {
      let seed = 0
      while (seed < 2_000 && (await play(from, seed, mutant)).length === 0) seed++
      expect(seed).toBeLessThan(2_000)
    }, 120_000)
  }
})
