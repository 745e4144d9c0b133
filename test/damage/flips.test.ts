import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Files,
  filesOf,
  flipping,
  names,
  problemsOf,
  type Reading,
  readEverything,
  repositoryWith,
  sampleRepository,
  wrongIn,
} from '../support/damage.ts'
import { DamageCheck } from '../support/damage-check.ts'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'

/** Objects that are read after a flip besides the one whose record has the bit. */
const MORE = 1

let files: Files
let truth: Reading
let check: DamageCheck
let total = 0

beforeAll(async () => {
  const repo = await sampleRepository({ rows: 8000, series: 3, commits: 3 })
  files = await filesOf(repo.storage)
  truth = await readEverything(await repositoryWith(files))
  check = await DamageCheck.of(files)
  total = [...files.values()].reduce((sum, { length }) => sum + length, 0)
})

describe('a repository of which a bit was flipped', () => {
  it('is large enough, and as it should be', async () => {
    expect(total).toBeGreaterThan(64 * 1024)
    expect([...truth.values()].filter((text) => text.startsWith('error'))).toEqual([])
    expect(await problemsOf(await repositoryWith(files))).toEqual([])
  })

  it('says so or is read as it was, and fsck names the file', {
    timeout: SEARCH_LIMIT,
  }, async () => {
    const random = seededRandom(1)
    const bad: string[] = []
    for (let i = 0; i < effort({ quick: 20, usual: 100, nightly: 3000 }); i++) {
      const { file, at, bit } = placeOf(Math.floor(random() * total * 8))
      const bytes = files.get(file)!.slice()
      bytes[at]! ^= bit
      const changed = new Map([[file, bytes]])
      const wrong = wrongIn(truth, await readEverything(await repositoryWith(files, changed)))
      if (wrong.length > 0) bad.push(`${bit} of byte ${at} of ${file}: ${wrong}`)
      const problems = await problemsOf(await repositoryWith(files, changed))
      if (!problems.some((problem) => names(problem, file))) {
        bad.push(`${bit} of byte ${at} of ${file}: fsck says ${JSON.stringify(problems)}`)
      }
    }
    expect(bad).toEqual([])
  })

  it('gives nothing else for what is read from there, and what looks at the file alone names it', {
    timeout: SEARCH_LIMIT,
  }, async () => {
    const bits = total * 8
    const count = effort({ quick: 500, usual: 5000, nightly: bits })
    const random = seededRandom(2)
    const bad: string[] = []
    let refused = 0
    for (let i = 0; i < count; i++) {
      const { file, at, bit } = placeOf(count === bits ? i : Math.floor(random() * bits))
      const isPack = file.startsWith('packs/')
      const ids = isPack ? check.objectsAt(file, at, MORE, random) : []
      const flipped = flipping(check.storage, file, at, bit)
      const outcome = await check.faultsOf(flipped, file, ids)
      if (outcome.refused) refused++
      for (const wrong of outcome.wrong) bad.push(`${bit} of byte ${at} of ${file}: ${wrong}`)
    }
    process.stderr.write(`flips: ${count} of ${bits} bits, ${refused} refused when read\n`)
    expect(bad).toEqual([])
    expect(refused).toBeGreaterThan(count / 2)
  })
})

/** A bit, counted over all files. */
function placeOf(number: number): { file: string; at: number; bit: number } {
  let before = 0
  for (const [file, { length }] of files) {
    const bit = number - before
    if (bit < length * 8) return { file, at: bit >> 3, bit: 1 << (bit & 7) }
    before += length * 8
  }
  throw new Error(`there is no bit ${number}`)
}
