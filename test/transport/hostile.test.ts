import { beforeAll, describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import { encodeCommit, readCommit } from '../../src/core/commit.ts'
import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id, idFromBytes, objectKinds } from '../../src/core/id.ts'
import { nodeBytes, type ProllyInner } from '../../src/core/prolly-node.ts'
import {
  EMPTY_TREE,
  nameFormat,
  readTreeRoot,
  treeEntries,
  writeTree,
} from '../../src/core/tree.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import {
  beginFrames,
  listingFrames,
  readOutcomes,
  tokenFrame,
  totalFrame,
} from '../../src/transport/answers.ts'
import type { Carrier } from '../../src/transport/carrier.ts'
import { decodeError, END_FRAME, encodeFrame, frameKinds } from '../../src/transport/frames.ts'
import { openLocalCarrier } from '../../src/transport/local-carrier.ts'
import {
  encodeMoving,
  type MovingRecord,
  RunningHash,
  START,
} from '../../src/transport/object-stream.ts'
import { openRemoteSession } from '../../src/transport/open-session.ts'
import { encodeListRequest, encodePushRequest } from '../../src/transport/requests.ts'
import { serveExchange } from '../../src/transport/serve-exchange.ts'
import type { ServePolicy } from '../../src/transport/served-repository.ts'
import { MemoryObjects } from '../support/memory-objects.ts'
import { ann, collect } from '../support/repositories.ts'
import {
  adopt,
  commitRows,
  emptyRepository,
  expectWhole,
  MAIN,
  NOW,
  served,
  tipOf,
} from '../support/transfer.ts'

const DAY = 86_400

interface Plain {
  readonly kind: MovingRecord['kind']
  readonly bytes: Uint8Array
}

/** Objects as they are, in this order. */
function streamOf(objects: readonly Plain[]): Uint8Array[] {
  const hash = new RunningHash()
  const frames = objects.map(({ kind, bytes }, place) => {
    hash.add(hashObject(kind, bytes))
    const record = { kind, method: 0, length: bytes.length, body: bytes }
    return encodeFrame(
      frameKinds.objects,
      Buffer.concat(encodeMoving(record, place, () => undefined)),
    )
  })
  return [...frames, totalFrame(hash.place), END_FRAME]
}

function commitOf(change: Partial<Parameters<typeof encodeCommit>[0]> = {}): Plain {
  const seconds = change.committer?.seconds ?? NOW
  const commit = { tree: EMPTY_TREE, parents: [], author: ann(seconds), committer: ann(seconds) }
  return { kind: 'commit', bytes: encodeCommit({ ...commit, message: 'x\n', ...change }) }
}

const idOf = ({ kind, bytes }: Plain): Id => hashObject(kind, bytes)
const UUID = '00112233-4455-4677-8899-aabbccddeeff'

/** What a server says to a push of these frames. */
async function push(
  repo: Repository,
  next: Id,
  frames: readonly Uint8Array[],
  policy: ServePolicy = {},
): Promise<VarveError | undefined> {
  const updates = [{ ref: 'refs/heads/new', old: undefined, new: next }]
  const begin = encodePushRequest({
    uuid: UUID,
    atomic: false,
    message: 'push',
    updates,
    from: START,
  })
  const request = async function* (): AsyncGenerator<Uint8Array> {
    yield* begin
    yield* frames
  }
  const answer = Buffer.concat(
    await collect(serveExchange(served(repo, policy), 'receive-pack', request())),
  )
  return answer[0] === frameKinds.error ? errorIn(answer) : undefined
}

function errorIn(answer: Uint8Array): VarveError {
  const start = answer[1]! < 0x80 ? 2 : 3
  return decodeError(answer.subarray(start, answer.length - END_FRAME.length))
}

/** What an answer to a push of three updates says of each. */
function statusesIn(answer: Uint8Array): string[] {
  const start = answer[1]! < 0x80 ? 2 : 3
  const update = { ref: MAIN, old: undefined, new: undefined }
  const content = answer.subarray(start, answer.length - END_FRAME.length)
  return readOutcomes(content, [update, update, update]).map(({ status }) => status)
}

describe('what a server refuses', () => {
  let repo: Repository
  let main: Id

  beforeAll(async () => {
    repo = await emptyRepository()
    main = await commitRows(repo, { seconds: 100, rows: 20 })
  })

  const good = commitOf()
  const ids = (count: number): Id[] =>
    Array.from({ length: count }, (_, i) => hashObject('blob', Uint8Array.of(i)))
  const objects =
    (...list: Plain[]): (() => Uint8Array[]) =>
    () =>
      streamOf(list)
  const frame = (bytes: Uint8Array): Uint8Array => encodeFrame(frameKinds.objects, bytes)
  const record = (build: (writer: ByteWriter) => ByteWriter): Uint8Array => {
    const content = build(new ByteWriter()).finish()
    return frame(new ByteWriter().lengthPrefixed(content).finish())
  }
  const future = commitOf({ committer: ann(NOW + 2 * DAY), author: ann(NOW) })
  const lostTree = commitOf({ tree: ids(1)[0]! })
  const lostParent = commitOf({ parents: ids(1) })
  const badNode: Plain = { kind: 'tree', bytes: Uint8Array.of(1, 0) }
  const ofBadNode = commitOf({ tree: idOf(badNode) })
  const column: Plain = { kind: 'column', bytes: Uint8Array.of(1, 2, 3) }
  const tag: Plain = {
    kind: 'tag',
    bytes: Buffer.from(
      `object ${idOf(good)}\ntype tree\ntag x\ntagger Ann <ann@example.com> 1 +0000\n\nx\n`,
    ),
  }
  const kind = (name: MovingRecord['kind']): number => objectKinds.indexOf(name) + 1

  it.each<[string, Id, () => Uint8Array[], string, RegExp]>([
    [
      'a commit whose tree is missing',
      idOf(lostTree),
      objects(lostTree),
      'bad-peer',
      /neither here/,
    ],
    [
      'a commit whose parent is missing',
      idOf(lostParent),
      objects(lostParent),
      'bad-peer',
      /neither/,
    ],
    ['a ref to nothing', ids(1)[0]!, objects(good), 'bad-peer', /neither here nor was it sent/],
    ['a commit from the future', idOf(future), objects(future), 'bad-peer', /ahead of the clock/],
    ['a tree that is none', idOf(ofBadNode), objects(badNode, ofBadNode), 'bad-peer', /tree node/],
    ['a commit that is a column', idOf(column), objects(column), 'ok', /at a commit/],
    ['a tag that lies about its object', idOf(tag), objects(good, tag), 'bad-peer', /not a tree/],
    [
      'a frame of objects without any: they would never end',
      idOf(good),
      () => [frame(new Uint8Array(0)), ...streamOf([good])],
      'bad-peer',
      /without any/,
    ],
    ['an object twice', idOf(good), objects(good, good), 'bad-peer', /came twice/],
    [
      'other objects than announced',
      idOf(good),
      () => [...streamOf([good]).slice(0, 1), totalFrame(START), END_FRAME],
      'bad-peer',
      /other objects came/,
    ],
    [
      'a record cut short',
      idOf(good),
      () => [frame(Uint8Array.of(9, 8)), totalFrame(START), END_FRAME],
      'bad-peer',
      /cut short/,
    ],
    [
      'an object longer than any',
      idOf(good),
      () => [
        record((w) =>
          w
            .u8(kind('blob'))
            .u8(0)
            .varint(2 ** 40),
        ),
      ],
      'bad-peer',
      /1099511627776 bytes/,
    ],
    [
      'a record longer than any',
      idOf(good),
      () => [frame(new ByteWriter().varint(2 ** 33).finish())],
      'bad-peer',
      /too long/,
    ],
    [
      'a frame of zstd that stands for too much',
      idOf(good),
      () => [record((w) => w.u8(kind('blob')).u8(1).varint(60_000_000).u8(0))],
      'bad-peer',
      /cannot stand for/,
    ],
    [
      'a base that was not sent',
      idOf(good),
      () => [
        record((w) =>
          w
            .u8(kind('tree') | 0x20)
            .u8(3)
            .varint(9)
            .varint(1)
            .u8(0),
        ),
      ],
      'bad-peer',
      /not sent/,
    ],
    [
      'a base that is not here',
      idOf(good),
      () => [
        record((w) =>
          w
            .u8(kind('tree') | 0x40)
            .u8(3)
            .varint(9)
            .id(ids(2)[1]!)
            .u8(0),
        ),
      ],
      'bad-peer',
      /is not here/,
    ],
    [
      'more ids cut out than there is room for',
      idOf(good),
      () => [
        record((w) =>
          w
            .u8(kind('tree') | 0x80)
            .u8(0)
            .varint(40)
            .varint(2 ** 30)
            .u8(0),
        ),
      ],
      'bad-peer',
      /too many ids/,
    ],
    [
      'a kind that is none',
      idOf(good),
      () => [record((w) => w.u8(15).u8(0).varint(0))],
      'bad-peer',
      /kind/,
    ],
    [
      'a frame that is none',
      idOf(good),
      () => [encodeFrame(0x55, Uint8Array.of(1))],
      'bad-peer',
      /kind 85/,
    ],
    [
      'a frame longer than any',
      idOf(good),
      () => [Uint8Array.of(0x20, 0xff, 0xff, 0xff, 0x7f)],
      'bad-peer',
      /frame is too long/,
    ],
  ])('%s', async (_, next, frames, code, message) => {
    const before = await repo.refs.state()
    const files = await repo.storage.list('packs/')

    const error = await push(repo, next, frames())

    if (code === 'ok') expect(error).toBe(undefined)
    else
      expect({ code: error?.code, message: error?.message }).toEqual({
        code,
        message: expect.stringMatching(message),
      })
    expect((await repo.refs.state()).refs).toEqual(before.refs)
    expect((await repo.storage.list('packs/')).length).toBe(files.length)
    await expectWhole(repo)
  })

  it('a commit dated before its parent', async () => {
    const child = commitOf({ parents: [main], committer: ann(50), author: ann(50) })

    const error = await push(repo, idOf(child), streamOf([child]))

    expect(error).toMatchObject({
      code: 'bad-peer',
      message: expect.stringContaining('before its parent'),
    })
  })

  it('a commit whose tree is a commit', async () => {
    const child = commitOf({ tree: main })

    const error = await push(repo, idOf(child), streamOf([child]))

    expect(error?.message).toContain('is a commit, not a tree')
  })

  it('more than its owner lets in, and anything where it is read-only', async () => {
    const tooMany = await push(repo, idOf(good), streamOf([good]), { maxBytes: 10 })
    const tooMuch = await push(repo, idOf(good), streamOf([good]), { maxObjects: 0 })
    const readOnly = await push(repo, idOf(good), streamOf([good]), { readOnly: true })

    expect(tooMany?.code).toBe('too-large')
    expect(tooMuch?.code).toBe('too-large')
    expect(readOnly?.code).toBe('refused')
  })

  it('more than its owner lets in after a push that it knows already', async () => {
    const target = await emptyRepository()
    const policy = { maxBytes: 2000 }
    const tip = idOf(good)
    expect(await push(target, tip, streamOf([good]), policy)).toBeUndefined()

    const again = await push(target, tip, streamOf([good]), policy)
    const more = await push(target, tip, streamOf(Array.from({ length: 100 }, () => good)), policy)

    expect(again).toBeUndefined()
    expect(more?.code).toBe('too-large')
  })

  it('a request that is cut, with nothing staged that is not whole', async () => {
    const request = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.concat([...encodeListRequest(undefined)]).subarray(0, 3)
    }
    const answer = collect(serveExchange(served(repo), 'upload-pack', request()))

    await expect(answer).rejects.toMatchObject({ code: 'disconnected' })
  })

  it('a push to what only fetches are asked of', async () => {
    const request = async function* (): AsyncGenerator<Uint8Array> {
      yield* encodePushRequest({
        uuid: UUID,
        atomic: false,
        message: '',
        updates: [{ ref: MAIN, old: main, new: undefined }],
        from: undefined,
      })
    }
    const answer = Buffer.concat(
      await collect(serveExchange(served(repo), 'upload-pack', request())),
    )

    expect(errorIn(answer).code).toBe('bad-peer')
    expect(await tipOf(repo)).toBe(main)
  })

  it('a tree that says something else of a node than an earlier one', async () => {
    const objects = new MemoryObjects()
    const names = Array.from({ length: 400 }, (_, i) => `n${1000 + i}`)
    const { tree } = await readCommit(repo.objects, main)
    const [collection] = await collect(treeEntries(repo.objects, tree))
    const entries = names.map((name) => ({ ...collection!, name }))
    const right = await writeTree(objects, entries)
    const root = (await readTreeRoot(objects, right)) as ProllyInner
    const [start, ...rest] = root.entries
    const lying = { ...root, entries: [{ ...start!, weight: start!.weight + 1 }, ...rest] }
    const wrong = await objects.put('tree', nodeBytes(nameFormat, lying))
    const first = commitOf({ tree: right })
    const second = commitOf({ tree: wrong, parents: [idOf(first)] })

    const stream = streamOf([...objects.objects.values(), first, second])
    const error = await push(repo, idOf(second), stream)

    expect(error).toMatchObject({
      code: 'bad-peer',
      message: expect.stringContaining('not what its parent says'),
    })
  })

  it('nothing that it had refused, where the same push is asked for again', async () => {
    const target = await emptyRepository()
    const child = commitOf({ message: 'twice\n' })
    const request = async function* (): AsyncGenerator<Uint8Array> {
      yield* encodePushRequest({
        uuid: UUID,
        atomic: false,
        message: 'push',
        updates: [
          { ref: 'refs/heads/new', old: undefined, new: idOf(child) },
          { ref: 'refs/heads/gone', old: idOf(child), new: undefined },
          { ref: 'refs/remotes/origin/main', old: undefined, new: idOf(child) },
        ],
        from: START,
      })
      yield* streamOf([child])
    }
    const ask = async () =>
      Buffer.concat(await collect(serveExchange(served(target), 'receive-pack', request())))

    const first = await ask()
    const again = await ask()

    expect(statusesIn(first)).toEqual(['ok', 'moved', 'denied'])
    expect(statusesIn(again)).toEqual(['ok', 'moved', 'denied'])
    expect([...(await target.refs.state()).refs.keys()]).toEqual(['refs/heads/new'])
  })

  it('every byte of a push, changed: nothing that is not right gets in', async () => {
    const source = await emptyRepository()
    const tip = await commitRows(source, { seconds: 100, rows: 300 })
    let pieces: Uint8Array[] = []
    const recording: Carrier = {
      ...openLocalCarrier(served(await emptyRepository())),
      async *exchange(service, request) {
        pieces = await collect(request)
        yield* serveExchange(served(await emptyRepository()), service, streamFrom(pieces))
      },
    }
    const session = openRemoteSession(source, recording)
    await session.push({
      updates: [{ ref: MAIN, old: undefined, new: tip }],
      remote: NOTHING,
      now: NOW,
    })
    const whole = Buffer.concat(pieces)

    for (let at = 0; at < whole.length; at += 3) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 << (at % 8)
      const target = await emptyRepository()
      const answer = collect(serveExchange(served(target), 'receive-pack', streamFrom([changed])))
      await answer.catch((error: unknown) => expect(error).toBeInstanceOf(VarveError))
      const { refs } = await target.refs.state()
      for (const id of refs.values()) expect(id).toBe(tip)
    }
  }, 60_000)
})

const NOTHING = { refs: [], head: MAIN, shallow: [], token: '00', capabilities: new Set<string>() }

async function* streamFrom(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

describe('what a client refuses', () => {
  const answering = (...frames: Uint8Array[]): Carrier => ({
    location: 'a liar',
    exchange: () => streamFrom(frames),
    close: async () => undefined,
  })
  const wanted = commitOf({ message: 'wanted\n' })
  const begin = (total: number): Uint8Array[] => [
    ...beginFrames({ shallow: [], unshallow: [], total, from: START }),
  ]

  it.each<[string, readonly Uint8Array[], RegExp]>([
    ['another commit than was asked for', [...begin(1), ...streamOf([commitOf()])], /neither here/],
    ['nothing', [...begin(0), ...streamOf([])], /neither here/],
    [
      'what it did not ask to go on from',
      [
        ...beginFrames({
          shallow: [],
          unshallow: [],
          total: 9,
          from: { count: 5, hash: new Uint8Array(32) },
        }),
      ],
      /not asked for/,
    ],
    [
      'a boundary at what it has',
      [
        ...beginFrames({
          shallow: [idFromBytes(new Uint8Array(32))],
          unshallow: [],
          total: 1,
          from: START,
        }),
        ...streamOf([wanted]),
      ],
      /lose its parents/,
    ],
    [
      'an answer to another question',
      [encodeFrame(frameKinds.outcomes, Uint8Array.of(0)), END_FRAME],
      /kind 21/,
    ],
  ])('%s', async (_, frames, message) => {
    const repo = await emptyRepository()
    const session = openRemoteSession(repo, answering(...frames))

    const fetched = session.fetch({ wants: [idOf(wanted)], haves: [], now: NOW })

    await expect(fetched).rejects.toMatchObject({
      code: 'bad-peer',
      message: expect.stringMatching(message),
    })
    expect((await repo.refs.state()).number).toBe(1)
    expect(await repo.storage.list('packs/')).toEqual([])
  })

  it.each([
    ['a ref', 'refs/heads/x\n[core]', MAIN],
    ['a ref outside of refs/', 'config', MAIN],
    ['a default branch', MAIN, 'refs/heads/../../config'],
  ])('%s of a name that none can have', async (_, name, head) => {
    const refs = [{ name, id: idOf(wanted) }]
    const frames = listingFrames({ refs, head, shallow: [], capabilities: new Set() })
    const answer = [...frames, tokenFrame('00'.repeat(16)), END_FRAME]
    const session = openRemoteSession(await emptyRepository(), answering(...answer))

    await expect(session.list()).rejects.toMatchObject({
      code: 'bad-peer',
      message: expect.stringContaining('no name of a ref'),
    })
  })

  it('no boundary at a commit that is here already: it keeps its parents', async () => {
    const repo = await emptyRepository()
    await commitRows(repo, { seconds: 100 })
    const main = await commitRows(repo, { seconds: 200, from: 1 })
    const { bytes } = await repo.objects.readAny(main)
    const child = commitOf({ parents: [main], message: 'wanted\n' })
    const frames = [
      ...beginFrames({ shallow: [main], unshallow: [], total: 2, from: START }),
      ...streamOf([{ kind: 'commit', bytes }, child]),
    ]
    const session = openRemoteSession(repo, answering(...frames))

    const received = await session.fetch({ wants: [idOf(child)], haves: [main], now: NOW })

    expect(received.shallow).toBeUndefined()
    await adopt(repo, received, idOf(child))
    await expectWhole(repo)
  })
})
