import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import type { Storage } from '../../src/storage/storage.ts'
import {
  type Files,
  filesOf,
  names,
  problemsOf,
  repositoryWith,
  sampleRepository,
  storageWith,
} from '../support/damage.ts'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'

/** Objects that are read after a flip, of those whose reading touches the byte. */
const READ = 6

let files: Files
let packs: [string, Uint8Array][]
let total = 0
/** What each object is, and which bytes are read to get it from a store that knows nothing yet. */
const objects: { id: Id; digest: string; touched: Touched[] }[] = []

interface Touched {
  readonly name: string
  readonly from: number
  readonly to: number
}

beforeAll(async () => {
  const repo = await sampleRepository({ rows: 20_000, series: 20, commits: 4 })
  files = await filesOf(repo.storage)
  packs = [...files].filter(([name]) => name.startsWith('packs/'))
  total = packs.reduce((sum, [, { length }]) => sum + length, 0)
  for await (const { id } of repo.objects.objects()) {
    const touched: Touched[] = []
    const store = openObjectStore(watching(repo.storage, touched))
    objects.push({ id, digest: digestOf(await store.readAny(id)), touched })
  }
})

describe('a larger repository of which a bit was flipped', () => {
  it('gives no object that is other than it was', { timeout: SEARCH_LIMIT }, async () => {
    const count = effort({ quick: 200, usual: 1500, nightly: 1_000_000 })
    const random = seededRandom(7)
    const storage = await storageWith(files)
    const bad: string[] = []
    let refused = 0
    let read = 0
    for (let i = 0; i < count; i++) {
      const [name, at] = placeOf(Math.floor(random() * total))
      const bit = 1 << Math.floor(random() * 8)
      const touching = objects.filter(({ touched }) =>
        touched.some((part) => part.name === name && part.from <= at && at < part.to),
      )
      const store = openObjectStore(flipping(storage, name, at, bit))
      for (let n = 0; n < Math.min(READ, touching.length); n++) {
        const { id, digest } = touching[Math.floor(random() * touching.length)]!
        read++
        try {
          if (digestOf(await store.readAny(id)) !== digest) bad.push(`${id}: ${at} of ${name}`)
        } catch (error) {
          if (!(error instanceof VarveError)) throw error
          refused++
        }
      }
    }
    expect(bad).toEqual([])
    expect(read).toBeGreaterThan(count / 2)
    expect(refused).toBeGreaterThan(read / 4)
  })

  it('is not as it should be to fsck, which names the pack', {
    timeout: SEARCH_LIMIT,
  }, async () => {
    const random = seededRandom(8)
    for (let i = 0; i < effort({ quick: 1, usual: 2, nightly: 400 }); i++) {
      const [name, at] = placeOf(Math.floor(random() * total))
      const bytes = files.get(name)!.slice()
      bytes[at]! ^= 1 << Math.floor(random() * 8)
      const problems = await problemsOf(await repositoryWith(files, new Map([[name, bytes]])))
      expect(problems.some((problem) => names(problem, name))).toBe(true)
    }
  })
})

function placeOf(byte: number): [name: string, at: number] {
  let at = byte
  for (const [name, { length }] of packs) {
    if (at < length) return [name, at]
    at -= length
  }
  throw new Error(`there is no byte ${byte}`)
}

function digestOf({ kind, bytes }: { kind: string; bytes: Uint8Array }): string {
  return createHash('sha256').update(kind).update(bytes).digest('base64')
}

function watching(storage: Storage, touched: Touched[]): Storage {
  return over(storage, async (name, offset, length) => {
    touched.push({ name, from: offset, to: offset + length })
    return storage.range(name, offset, length)
  })
}

function flipping(storage: Storage, flipped: string, at: number, bit: number): Storage {
  return over(storage, async (name, offset, length) => {
    const bytes = await storage.range(name, offset, length)
    if (name === flipped && offset <= at && at < offset + length) bytes[at - offset]! ^= bit
    return bytes
  })
}

/** A storage whose objects are read in another way. */
function over(storage: Storage, range: Storage['range']): Storage {
  return {
    location: storage.location,
    get: (name) => storage.get(name),
    range,
    size: (name) => storage.size(name),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
    create: () => storage.create(),
    list: (prefix) => storage.list(prefix),
    delete: (name) => storage.delete(name),
    sweep: (before) => storage.sweep(before),
    close: async () => undefined,
  }
}
