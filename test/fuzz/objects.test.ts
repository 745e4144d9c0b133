import { describe, expect, it } from 'vitest'
import { ByteReader, equalBytes } from '../../src/core/bytes.ts'
import { type ColumnType, columnTypes } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { decodeColumn, encodeColumn } from '../../src/core/column-codec.ts'
import { decodeCommit, encodeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { decodeKey, encodeKeys } from '../../src/core/key.ts'
import type { ObjectReader } from '../../src/core/objects.ts'
import { checkNode, decodeRoot } from '../../src/core/prolly.ts'
import { nodeBytes } from '../../src/core/prolly-node.ts'
import { decodeSeries, writeSeries } from '../../src/core/series.ts'
import { walkColumns } from '../../src/core/series-columns.ts'
import { decodeSettings, encodeSettings } from '../../src/core/settings.ts'
import { decodeTag, encodeTag } from '../../src/core/tag.ts'
import { nameFormat } from '../../src/core/tree-format.ts'
import { readGolden } from '../support/golden.ts'
import { MemoryObjects } from '../support/memory-objects.ts'
import { variedColumns } from '../support/varied-columns.ts'
import { type FuzzTarget, fuzz } from './support/fuzz.ts'
import { JSON_MARKS, oneOf, textBytes } from './support/mutate.ts'

interface Golden {
  readonly hex: string
}

const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'))
const golden = (name: string): Uint8Array[] =>
  readGolden<Golden[]>(name).map(({ hex }) => unhex(hex))

/** There is one way to write a value: what was read is written as it was. */
function expectCanonical(bytes: Uint8Array, again: Uint8Array): void {
  if (!equalBytes(bytes, again)) throw new Error('read, but written in another way')
}

const objects = readGolden<(Golden & { objects: { kind: string; hex: string }[] })[]>('series.json')
const inSeries = (kind: string): Uint8Array[] =>
  objects.flatMap((series) =>
    series.objects.filter((object) => object.kind === kind).map((object) => unhex(object.hex)),
  )

/** An object's bytes, whatever id they are asked for by. */
const readerOf = (bytes: Uint8Array): ObjectReader => ({ read: async () => bytes })

const ID = 'ab'.repeat(32) as Id
const HEADERS = textBytes(
  `tree ${ID}\n`,
  `parent ${ID}\n`,
  'author Ada <a@b> 1 +0000\n',
  'committer <> -1 -0000\n',
  `object ${ID}\n`,
  'type commit\n',
  'tag v1\n',
  'tagger é <é> 99999999999 +9999\n',
  '\n',
  '\0',
  '\xff',
  ' ',
  '<',
  '-',
)
const JSON_WORDS = textBytes(
  ...JSON_MARKS,
  '"a":',
  '"__proto__":',
  'null',
  '-0',
  '1e999',
  '\\ud800',
  '\\u0000',
  '[[[[[[[[[[[[[[[[',
  '"zone":',
  '{"a":',
)

const keySamples = columnTypes
  .filter((type) => type !== 'null' && type !== 'json')
  .map((type): [ColumnType, Uint8Array] => {
    const value =
      type === 'bool'
        ? true
        : type === 'string'
          ? 'a\0b'
          : type === 'binary'
            ? Uint8Array.of(0, 255)
            : /64|timestamp/.test(type) && type !== 'float64'
              ? 5n
              : 5
    return [type, encodeKeys([columnOf(type, [value])]).at(0)]
  })

const targets: FuzzTarget[] = [
  {
    name: 'column',
    samples: [...golden('column.json'), ...variedColumns(9).map(({ canonical }) => canonical)],
    decode: (bytes) => expectCanonical(bytes, encodeColumn(decodeColumn(bytes))),
  },
  {
    name: 'series',
    samples: golden('series.json'),
    async decode(bytes) {
      const { schema, root } = decodeSeries(bytes)
      checkNode(root, true)
      const writer = new MemoryObjects()
      const { id } = await writeSeries(writer, schema, root)
      expectCanonical(bytes, writer.objects.get(id)!.bytes)
    },
  },
  {
    name: 'columns',
    samples: inSeries('columns'),
    async decode(bytes, random) {
      const count = oneOf([17, 64, 65, 4096, 4097, 1_000_000], random)
      const walk = walkColumns(readerOf(bytes), ID, count, 40_000, () => false)
      let seen = 0
      for await (const _ of walk) if (seen++ > 10_000) break
    },
    whole: false,
  },
  {
    name: 'tree',
    samples: golden('tree.json'),
    decode(bytes) {
      const reader = new ByteReader(bytes)
      const node = decodeRoot(reader, nameFormat)
      reader.expectEnd()
      expectCanonical(bytes, nodeBytes(nameFormat, node))
      checkNode(node, true)
    },
  },
  {
    name: 'commit',
    samples: golden('commit.json'),
    words: HEADERS,
    decode: (bytes) => expectCanonical(bytes, encodeCommit(decodeCommit(bytes))),
  },
  {
    name: 'tag',
    samples: golden('tag.json'),
    words: HEADERS,
    decode: (bytes) => expectCanonical(bytes, encodeTag(decodeTag(bytes))),
  },
  {
    name: 'settings',
    samples: golden('settings.json'),
    words: JSON_WORDS,
    decode: (bytes) => expectCanonical(bytes, encodeSettings(decodeSettings(bytes))),
  },
  {
    name: 'key',
    samples: keySamples.map(([, bytes]) => bytes),
    decode(bytes, random) {
      const types = Array.from(
        { length: 1 + Math.floor(2 * random()) },
        () => oneOf(keySamples, random)[0],
      )
      decodeKey(bytes, types, random() < 0.3)
    },
    whole: false,
  },
]

describe('an object from a stranger', () => {
  it.each(targets.map((target) => [target.name, target] as const))(
    '%s: is read, and is written as it was, or is refused',
    async (_, target) => {
      const { refused } = await fuzz(target)
      expect(refused.get('corrupt-object')).toBeGreaterThan(0)
    },
    1e8,
  )
})
