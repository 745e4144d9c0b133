import { describe, expect, it } from 'vitest'
import { encodeCommit } from '../../src/core/commit.ts'
import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import {
  beginFrames,
  bitmapFrame,
  foundFrame,
  listingFrames,
  outcomesFrame,
  tokenFrame,
  totalFrame,
} from '../../src/transport/answers.ts'
import { END_FRAME, encodeError, encodeFrame, frameKinds } from '../../src/transport/frames.ts'
import { encodeMoving, RunningHash, START } from '../../src/transport/object-stream.ts'
import {
  encodeCommonRequest,
  encodeFetchRequest,
  encodeListRequest,
  encodePushRequest,
  encodeStagedRequest,
} from '../../src/transport/requests.ts'
import { documentedExamples } from '../support/golden.ts'
import { ann } from '../support/repositories.ts'

const id = (digit: string): Id => digit.repeat(64) as Id
const MAIN = 'refs/heads/main'
const commit = encodeCommit({
  tree: EMPTY_TREE,
  parents: [],
  author: ann(60),
  committer: ann(60),
  message: 'first\n',
})

function stream(): Uint8Array[] {
  const hash = new RunningHash()
  const tree = Uint8Array.of(0, 0)
  const treeId = hashObject('tree', tree)
  hash.add(treeId)
  hash.add(hashObject('commit', commit))
  const width = 64
  const start = 'tree '.length
  const rest = Buffer.concat([commit.subarray(0, start), commit.subarray(start + width)])
  const records = [
    ...encodeMoving({ kind: 'tree', method: 0, length: 2, body: tree }, 0, () => undefined),
    ...encodeMoving(
      {
        kind: 'commit',
        method: 0,
        length: commit.length,
        cuts: [{ gap: start, id: treeId }],
        body: rest,
      },
      1,
      () => 0,
    ),
  ]
  return [
    encodeFrame(frameKinds.objects, Buffer.concat(records)),
    totalFrame(hash.place),
    END_FRAME,
  ]
}

const examples = new Map<string, readonly Uint8Array[]>([
  ['list', [...encodeListRequest('000102030405060708090a0b0c0d0e0f')]],
  [
    'listing',
    [
      ...listingFrames({
        refs: [
          { name: MAIN, id: id('c') },
          { name: 'refs/tags/v1', id: id('d'), peeled: id('c') },
        ],
        head: MAIN,
        shallow: [],
        capabilities: new Set(['depth', 'resume']),
      }),
      tokenFrame('000102030405060708090a0b0c0d0e0f'),
      END_FRAME,
    ],
  ],
  [
    'fetch',
    [
      ...encodeFetchRequest({
        done: false,
        depth: undefined,
        wants: [id('c')],
        haves: [id('a'), id('b')],
        shallow: [],
        staged: [],
      }),
    ],
  ],
  ['which are there too', [bitmapFrame([true, false]), END_FRAME]],
  ['objects', [...beginFrames({ shallow: [], unshallow: [], total: 2, from: START }), ...stream()]],
  ['common', [...encodeCommonRequest([id('a')])]],
  ['staged', [...encodeStagedRequest()]],
  ['found', [foundFrame([{ count: 300, hash: Buffer.alloc(32, 0xee) }]), END_FRAME]],
  [
    'push',
    [
      ...encodePushRequest({
        uuid: '00112233-4455-4677-8899-aabbccddeeff',
        atomic: true,
        message: 'push',
        updates: [
          { ref: MAIN, old: id('a'), new: id('b'), force: true },
          { ref: 'refs/heads/x', old: id('c'), new: undefined },
        ],
        from: undefined,
      }),
    ],
  ],
  [
    'outcomes',
    [
      outcomesFrame([
        { ref: MAIN, old: id('a'), new: id('b'), status: 'ok' },
        {
          ref: 'refs/heads/x',
          old: id('c'),
          new: undefined,
          status: 'moved',
          reason: 'it is gone',
        },
      ]),
      END_FRAME,
    ],
  ],
  ['error', [encodeError(new VarveError('refused', 'no', { hint: 'ask' })), END_FRAME]],
])

describe('docs/protocol/wire.md', () => {
  const documented = documentedExamples('protocol/wire.md')

  it.each([...examples])('shows %s as it is', (name, frames) => {
    expect(documented.get(name)).toBe(Buffer.concat(frames).toString('hex'))
  })

  it('shows nothing else', () => {
    expect([...documented.keys()].sort()).toEqual([...examples.keys()].sort())
  })
})
