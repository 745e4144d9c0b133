import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { decodeIndex, encodeIndex } from '../../src/plumbing/index-codec.ts'
import { decodeArchive, encodeArchive } from '../../src/storage/log-archive.ts'
import { decodeEntry } from '../../src/storage/log-entry.ts'
import { applyEntries, decodeCheckpoint, emptyState } from '../../src/storage/log-state.ts'
import { CHECKSUM_BYTES, checksum } from '../../src/storage/pack-record.ts'
import { decodeVersion, encodeVersion } from '../../src/storage/versioned-file.ts'
import { readGolden } from '../support/golden.ts'
import { type FuzzTarget, fuzz } from './support/fuzz.ts'
import { textBytes } from './support/mutate.ts'

const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'))

interface GoldenLog {
  readonly entries: readonly { readonly entry: { number: number }; readonly bytes: string }[]
  readonly checkpoint: string
  readonly archive: string
  readonly later: string
}

const golden = readGolden<GoldenLog>('ref-log.json')
const entries = golden.entries.map(({ entry, bytes }) => ({ ...entry, bytes: unhex(bytes) }))
const parsed = entries.map(({ number, bytes }) => decodeEntry(bytes, number, `log/${number}`))
const many = Array.from({ length: 40 }, (_, at) => ({ ...parsed[0]!, number: at + 1 }))

/** The bytes with the sum over all but the last of them. */
function summed(bytes: Uint8Array): Uint8Array {
  const covered = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES))
  return Buffer.concat([covered, checksum(covered)])
}

/** An index whose header has the digest of what follows. */
function digested(bytes: Uint8Array): Uint8Array {
  const body = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^varve index[^\n]*\n/, '')
    .slice(0, -1)
  const digest = createHash('sha256').update(body).digest('hex')
  return Buffer.from(`varve index 3 ${digest}\n${body}\n`)
}

const ID = 'ab'.repeat(32) as Id
const stamp = { size: 10, mtimeNs: 1_700_000_000_000_000_000n, inode: 5n }
const series = { file: 'a/b.csv', id: ID, stamp, reading: { rename: new Map([['a', 'b']]) } }
const indexes = [
  encodeIndex({ tree: ID, packs: [], files: new Map() }),
  encodeIndex({
    tree: ID,
    base: ID,
    packs: [ID],
    stagedAt: 4,
    files: new Map([['a/b', series]]),
    sources: new Map([['a/c', { ...series, file: '/tmp/x.csv' }]]),
    past: new Map([['a/d', 'a/d.parquet']]),
  }),
]

const targets: (FuzzTarget & { readonly refusedAs: string })[] = [
  {
    name: 'entry',
    refusedAs: 'corrupt-log',
    samples: entries.map(({ bytes }) => bytes),
    seal: summed,
    decode(bytes, _, sample) {
      const { number } = entries[sample]!
      const entry = decodeEntry(bytes, number, `log/${number}`)
      applyEntries(emptyState, [...parsed.slice(0, sample), entry])
    },
  },
  {
    name: 'checkpoint',
    refusedAs: 'corrupt-log',
    samples: [unhex(golden.checkpoint)],
    seal: summed,
    decode: (bytes) => decodeCheckpoint(bytes, 3, 'checkpoints/3'),
  },
  {
    name: 'archive',
    refusedAs: 'corrupt-log',
    samples: [unhex(golden.archive), unhex(golden.later), await encodeArchive(many, new Map())],
    seal: summed,
    decode: (bytes) => decodeArchive(bytes, 'archive/3'),
  },
  {
    name: 'file of a version',
    refusedAs: 'corrupt-file',
    samples: [0, 3].map((count) =>
      encodeVersion({
        token: new Uint8Array(8).fill(7),
        before: Array.from({ length: count }, () => new Uint8Array(8)),
        content: Buffer.from('content'),
      }),
    ),
    seal: summed,
    decode: (bytes) => decodeVersion(bytes, 'index.1'),
  },
  {
    name: 'index',
    refusedAs: 'corrupt-file',
    samples: indexes,
    seal: digested,
    words: textBytes(
      '{"tree":',
      `"${ID}"`,
      '"packs":',
      '"files":',
      '"sources":',
      '"past":',
      '"base":',
      '"stagedAt":',
      'null',
      '[]',
      '{}',
      '[[]]',
      '1e999',
      '"1"',
      '-1.5',
      ',',
      '}',
      '"__proto__":',
      '[[[[[[[[',
      '"rename":[["a","b"]]',
    ),
    decode: (bytes) => {
      const state = decodeIndex(bytes)
      // What was taken can be written, and means the same.
      decodeIndex(encodeIndex(state))
    },
  },
]

describe('the ref log and private files of a stranger', () => {
  it.each(targets.map((target) => [target.name, target] as const))(
    '%s: is read or refused',
    async (_, target) => {
      const { read, refused } = await fuzz(target)
      expect(read).toBeGreaterThan(0)
      expect(refused.get(target.refusedAs)).toBeGreaterThan(0)
    },
    1e8,
  )
})
