import { expect } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Carrier } from '../../src/transport/carrier.ts'
import { disconnected } from '../../src/transport/frames.ts'
import type { Received } from '../../src/transport/remote-session.ts'
import type { ServedRepository, ServePolicy } from '../../src/transport/served-repository.ts'
import { ann, collect } from './repositories.ts'
import { seededRandom } from './seeded-random.ts'
import { table } from './tables.ts'

export const MAIN = 'refs/heads/main'
/** The clock of those who receive, later than all commits of {@link commitRows}. */
export const NOW = 1_000_000

export async function emptyRepository(): Promise<Repository> {
  const { repo } = await initRepository({ storage: createMemoryStorage(), who: ann(0) })
  return repo
}

export function served(repo: Repository, policy: ServePolicy = {}): ServedRepository {
  const client = { name: 'Ann', email: 'ann@example.com' }
  return { repo, policy, client, now: () => ({ seconds: NOW, offsetMinutes: 0 }) }
}

/** Commits some rows to a series, the same ones for the same numbers. */
export async function commitRows(
  repo: Repository,
  {
    series = 'a/prices',
    seconds,
    from = 0,
    rows = 1,
  }: {
    readonly series?: string
    readonly seconds: number
    readonly from?: number
    readonly rows?: number
  },
): Promise<Id> {
  const random = seededRandom(seconds)
  const lines = Array.from({ length: rows }, (_, i) => `${from + i},${random()}`)
  const input = table(`n,v\n${lines.join('\n')}\n`)
  const commit = { author: ann(seconds), committer: ann(seconds), message: `${seconds}\n` }
  await writeSeries(repo, { series, input, create: true, commit })
  return tipOf(repo)
}

export async function tipOf(repo: Repository, ref = MAIN): Promise<Id> {
  return (await repo.refs.state()).refs.get(ref)!
}

/** Sets a branch to what a fetch has brought. */
export async function adopt(
  repo: Repository,
  received: Received,
  id: Id,
  ref = MAIN,
): Promise<void> {
  const { refs } = await repo.refs.state()
  const { packs, since, shallow } = received
  await repo.refs.append({
    updates: [{ name: ref, old: refs.get(ref), new: id }],
    who: ann(NOW),
    message: 'fetch',
    packs,
    since,
    ...(shallow && { shallow }),
  })
}

/** What fsck says of a repository, read anew. */
export async function expectWhole({ storage }: Repository): Promise<void> {
  const found = await collect(fsck(assembleRepository({ storage })))
  expect(found.filter(({ kind }) => kind === 'problem')).toEqual([])
}

/** A carrier that counts what it carries. */
export function counting(carrier: Carrier): Carrier & {
  readonly moved: { exchanges: number; bytes: number; pieces: number }
} {
  const moved = { exchanges: 0, bytes: 0, pieces: 0 }
  const count = async function* (pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      moved.bytes += piece.length
      moved.pieces++
      yield piece
    }
  }
  return {
    ...carrier,
    moved,
    exchange(service, request, options) {
      moved.exchanges++
      return count(carrier.exchange(service, count(request), options))
    },
  }
}

/** A carrier whose connection breaks, once, after so many bytes of both directions, or so many pieces. */
export function breaking(
  carrier: Carrier,
  after: { readonly bytes: number } | { readonly pieces: number },
): Carrier & { readonly hasBroken: () => boolean } {
  let bytes = 0
  let pieces = 0
  let broken = false
  const pass = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      bytes += piece.length
      pieces++
      const isOver = 'bytes' in after ? bytes > after.bytes : pieces > after.pieces
      if (isOver && !broken) {
        broken = true
        // The beginning of what was on its way has arrived.
        yield piece.subarray(0, piece.length >> 1)
        throw disconnected()
      }
      yield piece
    }
  }
  return {
    ...carrier,
    exchange: (service, request, options) =>
      pass(carrier.exchange(service, pass(request), options)),
    hasBroken: () => broken,
  }
}
