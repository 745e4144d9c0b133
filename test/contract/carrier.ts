import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import { hasCode, VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { readSeries } from '../../src/core/series.ts'
import { lookupPath } from '../../src/core/tree.ts'
import type { Connect } from '../../src/plumbing/connect.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { repositoryConfig } from '../../src/plumbing/repository-config.ts'
import { updateRef } from '../../src/plumbing/update-ref.ts'
import { clone as cloneRepository } from '../../src/porcelain/clone.ts'
import { sync } from '../../src/porcelain/sync.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createMemoryPrivateFiles } from '../../src/storage/private-files.ts'
import { openWorkTree } from '../../src/storage/work-tree.ts'
import type { Carrier } from '../../src/transport/carrier.ts'
import { openRemoteSession } from '../../src/transport/open-session.ts'
import { SEARCH_LIMIT } from '../support/effort.ts'
import { ann, collect } from '../support/repositories.ts'
import { temporaryFolder } from '../support/temporary.ts'
import {
  adopt,
  breaking,
  commitRows,
  counting,
  emptyRepository,
  expectWhole,
  MAIN,
  NOW,
  tipOf,
} from '../support/transfer.ts'

/** A repository behind a carrier. */
export interface CarriedRepository {
  /** The same repository, for looking at it from beside. */
  readonly repo: Repository
  /** Another way to it. */
  readonly open: () => Promise<Carrier>
}

export interface CarrierSuite {
  /** A new, empty repository that is served, and takes pushes. */
  readonly serve: () => Promise<CarriedRepository>
  /** Commits that each client pushes. */
  readonly commitsEach: number
  /** How many clients push at once; eight unless given. */
  readonly clients?: number
  /** Of the places at which a transfer can be cut, every how many is tried. */
  readonly everyCut: number
}

const KILOBYTES_64 = 65_536
/** Some megabyte, so that a transfer can be cut in many places. */
const ROWS = 250_000

/** What every implementation of {@link Carrier} must do. */
export function describeCarrier(name: string, suite: CarrierSuite): void {
  const { clients = 8 } = suite
  describe(`carrier: ${name}`, () => {
    let filled: CarriedRepository
    let main: Id

    beforeAll(async () => {
      filled = await suite.serve()
      await commitRows(filled.repo, { seconds: 100, rows: ROWS })
      main = await commitRows(filled.repo, { series: 'b', seconds: 200, rows: 100 })
    })

    it('clones, pushes and fetches', async () => {
      const { repo: origin, open } = await suite.serve()
      const first = await commitRows(origin, { seconds: 100, rows: 3000 })
      const [ann, bob] = [await emptyRepository(), await emptyRepository()]

      const [annSession, bobSession] = [
        openRemoteSession(ann, await open()),
        openRemoteSession(bob, await open()),
      ]
      for (const [repo, session] of [
        [ann, annSession],
        [bob, bobSession],
      ] as const) {
        const { refs, head } = await session.list()
        expect({ refs, head }).toEqual({ refs: [{ name: MAIN, id: first }], head: MAIN })
        await adopt(repo, await session.fetch({ wants: [first], haves: [], now: NOW }), first)
        await expectWhole(repo)
      }
      const next = await commitRows(ann, { seconds: 300, from: 50 })
      const pushed = await annSession.push({
        updates: [{ ref: MAIN, old: first, new: next }],
        message: 'from Ann',
        now: NOW,
      })
      const fetched = await bobSession.fetch({ wants: [next], haves: [first], now: NOW })
      await adopt(bob, fetched, next)

      expect(pushed.outcomes).toEqual([{ ref: MAIN, old: first, new: next, status: 'ok' }])
      expect(await tipOf(origin)).toBe(next)
      expect(fetched.objects).toBe(pushed.objects)
      await expectWhole(origin)
      await expectWhole(bob)
      await annSession.close()
      await bobSession.close()
    })

    it('says in one exchange and a kilobyte that there is nothing to do', async () => {
      const carrier = counting(await filled.open())
      const repo = await emptyRepository()
      const session = openRemoteSession(repo, carrier)
      const known = await session.list()
      await adopt(repo, await session.fetch({ wants: [main], haves: [], now: NOW }), main)
      Object.assign(carrier.moved, { exchanges: 0, bytes: 0 })

      const listed = await session.list({ known })
      const fetched = await session.fetch({ wants: [main], haves: [main], now: NOW })

      expect(listed.refs).toEqual(known.refs)
      expect(fetched).toMatchObject({ packs: [], objects: 0 })
      expect(carrier.moved.exchanges).toBe(1)
      expect(carrier.moved.bytes).toBeLessThan(64)
      await session.close()
    })

    it('fetches right wherever the connection broke before, and not all again', async () => {
      const whole = counting(await filled.open())
      await openRemoteSession(await emptyRepository(), whole).fetch({
        wants: [main],
        haves: [],
        now: NOW,
      })
      await whole.close()
      // Else what is asked below of what came before would be asked of nothing.
      expect(whole.moved.bytes).toBeGreaterThan(700_000)

      for (const cut of cutsOf(whole.moved, suite.everyCut)) {
        const repo = await emptyRepository()
        const carrier = breaking(await filled.open(), cut)
        const session = openRemoteSession(repo, carrier)
        const request = { wants: [main], haves: [], now: NOW }
        const failure = await session.fetch(request).catch((error: unknown) => error)
        // A network cuts the same answer into fewer pieces at times: then it came whole.
        if ('pieces' in cut && !(failure instanceof Error)) continue
        expect(hasCode(failure, 'disconnected'), `${JSON.stringify(cut)} ${failure}`).toBe(true)
        expect((await repo.refs.state()).number).toBe(1)
        const counted = counting(carrier)
        const received = await openRemoteSession(repo, counted).fetch(request)
        await adopt(repo, received, main)

        await expectWhole(repo)
        const before = 'bytes' in cut ? cut.bytes : 0
        expect(counted.moved.bytes).toBeLessThan(whole.moved.bytes - before + 300_000)
        if (before > 350_000) expect(received.resumed).toBeGreaterThan(0)
        await session.close()
      }
    })

    it('pushes right wherever the connection broke before', async () => {
      const source = await emptyRepository()
      const session = openRemoteSession(source, await filled.open())
      await adopt(source, await session.fetch({ wants: [main], haves: [], now: NOW }), main)
      await session.close()
      const push = { updates: [{ ref: MAIN, old: undefined, new: main }], now: NOW }
      const target = await suite.serve()
      const whole = counting(await target.open())
      await openRemoteSession(source, whole).push(push)
      await whole.close()

      for (const cut of cutsOf(whole.moved, suite.everyCut)) {
        const { repo, open } = await suite.serve()
        const carrier = breaking(await open(), cut)
        const cutSession = openRemoteSession(source, carrier)
        const outcome = await cutSession.push(push).catch((error: unknown) => error)
        // As above: fewer pieces.
        if ('pieces' in cut && !carrier.hasBroken()) continue
        expect(carrier.hasBroken()).toBe(true)
        // Where the request had gone out whole, it was asked again by the same UUID.
        const isDone = !(outcome instanceof VarveError)
        if (!isDone) {
          expect(outcome.code).toBe('disconnected')
          expect(await tipOf(repo)).toBe(undefined)
          const counted = counting(carrier)
          const { outcomes } = await openRemoteSession(source, counted).push(push)
          expect(outcomes).toMatchObject([{ status: 'ok' }])
        }

        expect(await tipOf(repo)).toBe(main)
        expect((await repo.refs.state()).number).toBe(2)
        await expectWhole(repo)
        await cutSession.close()
      }
    })

    it('recognises a push whose answer was lost', async () => {
      const { repo: origin, open } = await suite.serve()
      const source = await emptyRepository()
      const first = await commitRows(source, { seconds: 100 })
      const carrier = await open()
      const losing: Carrier = {
        ...carrier,
        async *exchange(service, request, options) {
          const answer = await collect(carrier.exchange(service, request, options))
          if (!isLost || service !== 'receive-pack') yield* answer
          else {
            isLost = false
            throw new VarveError('disconnected', 'the connection ended too early')
          }
        },
      }
      let isLost = false
      const session = openRemoteSession(source, losing)
      const remote = await session.list({ service: 'receive-pack' })
      isLost = true
      const updates = [{ ref: MAIN, old: undefined, new: first }]

      const { outcomes } = await session.push({ updates, remote, now: NOW })

      expect(isLost).toBe(false)
      expect(outcomes).toMatchObject([{ status: 'ok' }])
      expect((await origin.refs.state()).number).toBe(2)
      await session.close()
    })

    it('refuses what another has moved, and what does not follow', async () => {
      const { repo: origin, open } = await suite.serve()
      const old = await commitRows(origin, { seconds: 100 })
      const ann = await emptyRepository()
      const own = await commitRows(ann, { seconds: 200 })
      const session = openRemoteSession(ann, await open())

      const stale = await session.push({
        updates: [{ ref: MAIN, old: undefined, new: own }],
        now: NOW,
      })
      const unrelated = await session.push({ updates: [{ ref: MAIN, old, new: own }], now: NOW })
      const names = await session.push({
        updates: [
          { ref: 'refs/remotes/x/main', old: undefined, new: own },
          { ref: 'refs/heads/main/x', old: undefined, new: own },
          { ref: 'refs/heads/other', old: undefined, new: own },
        ],
        atomic: true,
        now: NOW,
      })

      const misnamed = await session.push({
        updates: ['heads/HEAD', 'heads/-x', 'tags/HEAD'].map((name) => ({
          ref: `refs/${name}`,
          old: undefined,
          new: own,
        })),
        now: NOW,
      })

      expect(stale.outcomes).toMatchObject([{ status: 'moved' }])
      expect(new Set(misnamed.outcomes.map(({ status }) => status))).toEqual(new Set(['denied']))
      expect(unrelated.outcomes).toMatchObject([{ status: 'not-forward' }])
      expect(names.outcomes.map(({ status }) => status)).toEqual(['denied', 'denied', 'not-done'])
      expect((await origin.refs.state()).refs).toEqual(new Map([[MAIN, old]]))
      await session.close()
    })

    it(`loses nothing of ${clients} clients that push --sync to one branch`, {
      timeout: SEARCH_LIMIT,
    }, async () => {
      const { repo: origin, open } = await suite.serve()
      await commitRows(origin, { series: 'all', seconds: 100, from: 1_000_000, rows: 50 })
      const connect: Connect = async (repo) => openRemoteSession(repo, await open())
      const who = ann(1000)

      await Promise.all(
        Array.from({ length: clients }, async (_, client) => {
          const repo = await cloneWith(connect)
          for (let i = 0; i < suite.commitsEach; i++) {
            await commitRows(repo, { series: 'all', seconds: 1000, from: 1000 * client + i })
            const push = { connect, who }
            const pull = { ...push, committer: who, now: who }
            const { pushed } = await sync(repo, { push, pull })
            expect(pushed.refs).toMatchObject([{ target: MAIN, status: 'fast-forward' }])
          }
        }),
      )

      const clone = await cloneWith(connect)
      expect(await rowsIn(clone, 'all')).toBe(50 + clients * suite.commitsEach)
      await expectWhole(clone)
      await expectWhole(origin)
    })

    it('answers what is asked of a ref that is gone, and goes on', async () => {
      const { repo: origin, open } = await suite.serve()
      const lost = await commitRows(origin, { seconds: 100 })
      const kept = await commitRows(origin, { seconds: 200 })
      await updateRef(origin, {
        changes: [{ ref: MAIN, new: undefined }],
        who: ann(1),
        message: 'x',
      })
      const repo = await emptyRepository()
      const session = openRemoteSession(repo, await open())

      const failure = await session
        .fetch({ wants: [lost], haves: [], now: NOW })
        .catch((error: unknown) => error)
      await updateRef(origin, { changes: [{ ref: MAIN, new: kept }], who: ann(2), message: 'y' })
      const received = await session.fetch({ wants: [kept], haves: [], now: NOW })

      expect(failure).toMatchObject({ code: 'refused', data: { remote: true } })
      await adopt(repo, received, kept)
      await expectWhole(repo)
      await session.close()
    })
  })
}

/** Each piece up to the tenth, the last ones, and every 64 KiB. */
function cutsOf(
  { bytes, pieces }: { readonly bytes: number; readonly pieces: number },
  every: number,
): ({ bytes: number } | { pieces: number })[] {
  const cuts: ({ bytes: number } | { pieces: number })[] = []
  for (let at = 0; at < Math.min(10, pieces); at++) cuts.push({ pieces: at })
  for (let at = Math.max(10, pieces - 3); at < pieces; at++) cuts.push({ pieces: at })
  for (let at = KILOBYTES_64; at < bytes; at += KILOBYTES_64) cuts.push({ bytes: at })
  return cuts.filter((_, at) => at % every === 0)
}

async function rowsIn(repo: Repository, series: string): Promise<number> {
  const { tree } = await readCommit(repo.objects, await tipOf(repo))
  const entry = await lookupPath(repo.objects, tree, series)
  return (await readSeries(repo.objects, entry!.id)).rows
}

/** A clone in memory of what `connect` leads to, whatever the URL. */
async function cloneWith(connect: Connect): Promise<Repository> {
  const root = temporaryFolder()
  const parts = {
    storage: createMemoryStorage(),
    privateFiles: createMemoryPrivateFiles(),
    workTree: openWorkTree(root, join(root, '.varve', 'tmp')),
    config: repositoryConfig(),
  }
  return (await cloneRepository(parts, { url: 'far', connect, who: ann(1000) })).repo
}
