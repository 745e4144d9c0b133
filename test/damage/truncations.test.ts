import { beforeAll, describe, expect, it } from 'vitest'
import { type Id, idFromBytes } from '../../src/core/id.ts'
import { PACK_MAGIC } from '../../src/storage/pack-index.ts'
import { checksum } from '../../src/storage/pack-record.ts'
import {
  type Files,
  filesOf,
  names,
  problemsOf,
  type Reading,
  readEverything,
  repositoryWith,
  sampleRepository,
  storageWith,
  wrongIn,
} from '../support/damage.ts'
import { DamageCheck } from '../support/damage-check.ts'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'

let files: Files
let truth: Reading
let check: DamageCheck

beforeAll(async () => {
  files = await filesOf((await sampleRepository({ rows: 500, series: 2, commits: 3 })).storage)
  truth = await readEverything(await repositoryWith(files))
  check = await DamageCheck.of(files)
})

/** What is wrong with how a repository with other bytes is read, and with what fsck says of it. */
async function faultsOf(changed: Files): Promise<string[]> {
  const faults: string[] = []
  const wrong = wrongIn(truth, await readEverything(await repositoryWith(files, changed)))
  if (wrong.length > 0) faults.push(`read as something else: ${wrong}`)
  const problems = await problemsOf(await repositoryWith(files, changed))
  for (const file of changed.keys()) {
    if (!problems.some((problem) => names(problem, file))) faults.push(`fsck does not name ${file}`)
  }
  return faults
}

describe('a repository of which a file is cut short', () => {
  it('says so or is read as it was, and fsck names the file', {
    timeout: SEARCH_LIMIT,
  }, async () => {
    const lengths = [...files].flatMap(([file, { length }]) =>
      Array.from({ length }, (_, at) => ({ file, length: at })),
    )
    const random = seededRandom(2)
    const bad: string[] = []
    for (let i = 0; i < effort({ quick: 10, usual: 50, nightly: 1000 }); i++) {
      const { file, length } = lengths[Math.floor(random() * lengths.length)]!
      const faults = await faultsOf(new Map([[file, files.get(file)!.slice(0, length)]]))
      if (faults.length > 0) bad.push(`${file} of ${length} bytes: ${faults}`)
    }
    const count = effort({ quick: 100, usual: 1000, nightly: lengths.length })
    for (let i = 0; i < count; i++) {
      const at = count === lengths.length ? i : Math.floor(random() * lengths.length)
      const { file, length } = lengths[at]!
      const damaged = await storageWith(files, new Map([[file, files.get(file)!.slice(0, length)]]))
      const ids = file.startsWith('packs/') ? check.objectsAt(file, length, 2, random) : []
      const { wrong } = await check.faultsOf(damaged, file, ids)
      if (wrong.length > 0) bad.push(`${file} of ${length} bytes: ${wrong}`)
    }
    process.stderr.write(`truncations: ${count} of ${lengths.length} lengths\n`)
    expect(bad).toEqual([])
  })
})

describe('a repository of which files were swapped', () => {
  it('says so or is read as it was, and fsck names one of them', {
    timeout: SEARCH_LIMIT,
  }, async () => {
    const all = [...files.keys()]
    const pairs = all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const))
    const count = effort({ quick: 15, usual: 60, nightly: pairs.length })
    const random = seededRandom(3)
    const bad: string[] = []
    for (let i = 0; i < count; i++) {
      const at = count >= pairs.length ? i : Math.floor(random() * pairs.length)
      const pair = pairs[at]
      if (pair === undefined) break
      const [a, b] = pair
      const faults = await faultsOf(
        new Map([
          [a, files.get(b)!],
          [b, files.get(a)!],
        ]),
      )
      if (faults.length > 0) bad.push(`${a} and ${b}: ${faults}`)
    }
    expect(bad).toEqual([])
  })
})

describe('a pack of which parts of the index were swapped, and its checksum made right', () => {
  it('gives no object for another: ids, ends of records, or positions in their order', {
    timeout: SEARCH_LIMIT,
  }, async () => {
    const [name, bytes] = [...files]
      .filter(([file]) => file.startsWith('packs/'))
      .sort((a, b) => b[1].length - a[1].length)[0]!
    const { records, ids, ends, order } = partsOf(bytes)
    const random = seededRandom(4)
    const all = effort({ quick: 15, usual: 40, nightly: 500 })
    const bad: string[] = []
    for (let i = 0; i < effort({ quick: 100, usual: 1000, nightly: 20_000 }); i++) {
      const a = Math.floor(random() * records)
      const b = (a + 1 + Math.floor(random() * (records - 1))) % records
      const part = [ids, ends, order][i % 3]!
      const changed = bytes.slice()
      swap(changed, part, a, b)
      // With right sums: the checksums of the index say nothing of what was put there on purpose.
      seal(changed)
      const swapped = new Map([[name, changed]])
      const read = await check.faultsOf(await storageWith(files, swapped), name, [
        idAt(bytes, ids, a),
        idAt(bytes, ids, b),
      ])
      const faults = [...read.wrong, ...(i < all ? await faultsOf(swapped) : [])]
      if (faults.length > 0) bad.push(`${i % 3} of ${a} and ${b}: ${faults}`)
    }
    expect(bad).toEqual([])
  })
})

function idAt(bytes: Uint8Array, { start, width }: Part, position: number): Id {
  return idFromBytes(bytes, start + position * width)
}

interface Part {
  readonly start: number
  readonly width: number
}

function partsOf(bytes: Uint8Array) {
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset + bytes.length - 14, 14)
  const records = footer.readUInt32LE(0)
  const [w, v] = [footer[4]!, footer[5]!]
  const start = bytes.length - 14 - records * (32 + w + v)
  const part = (at: number, width: number): Part => ({ start: at, width })
  return {
    records,
    start,
    ids: part(start, 32),
    ends: part(start + records * 32, w),
    order: part(start + records * (32 + w), v),
  }
}

function swap(bytes: Uint8Array, { start, width }: Part, a: number, b: number): void {
  const at = (i: number) => start + i * width
  const kept = bytes.slice(at(a), at(a) + width)
  bytes.copyWithin(at(a), at(b), at(b) + width)
  bytes.set(kept, at(b))
}

/** Writes the checksum of a short index again. */
function seal(bytes: Uint8Array): void {
  const { start } = partsOf(bytes)
  const end = bytes.length - 14
  const sum = checksum(PACK_MAGIC, bytes.subarray(start, end), bytes.subarray(end, end + 6))
  bytes.set(sum, end + 6)
}
