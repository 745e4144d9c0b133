import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Files,
  filesOf,
  flipping,
  names,
  problemsOf,
  repositoryWith,
  sampleRepository,
} from '../support/damage.ts'
import { DamageCheck } from '../support/damage-check.ts'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'

let files: Files
let packs: [string, Uint8Array][]
let total = 0
let check: DamageCheck

beforeAll(async () => {
  const repo = await sampleRepository({ rows: 20_000, series: 20, commits: 4 })
  files = await filesOf(repo.storage)
  packs = [...files].filter(([name]) => name.startsWith('packs/'))
  total = packs.reduce((sum, [, { length }]) => sum + length, 0)
  check = await DamageCheck.of(files)
})

describe('a larger repository of which a bit was flipped', () => {
  it('gives no object that is other than it was', { timeout: SEARCH_LIMIT }, async () => {
    const count = effort({ quick: 200, usual: 3000, nightly: 1_000_000 })
    const random = seededRandom(7)
    const bad: string[] = []
    let refused = 0
    for (let i = 0; i < count; i++) {
      const [name, at] = placeOf(Math.floor(random() * total))
      const flipped = flipping(check.storage, name, at, 1 << Math.floor(random() * 8))
      // Most often the object that has the byte, else one that is made of it, too.
      const more = random() < 0.2 ? 1 : 0
      const outcome = await check.read(flipped, check.objectsAt(name, at, more, random))
      if (outcome.refused) refused++
      for (const wrong of outcome.wrong) bad.push(`${wrong}: ${at} of ${name}`)
    }
    process.stderr.write(`random flips: ${count}, ${refused} refused when read\n`)
    expect(bad).toEqual([])
    expect(refused).toBeGreaterThan(count / 2)
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
