import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Files,
  filesOf,
  names,
  problemsOf,
  type Reading,
  readEverything,
  repositoryWith,
  sampleRepository,
  wrongIn,
} from '../support/damage.ts'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'

let files: Files
let truth: Reading
let total = 0

beforeAll(async () => {
  const repo = await sampleRepository({ rows: 8000, series: 3, commits: 3 })
  files = await filesOf(repo.storage)
  truth = await readEverything(await repositoryWith(files))
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
    const bits = total * 8
    const count = effort({ quick: 30, usual: 200, nightly: bits })
    const random = seededRandom(1)
    const bad: string[] = []
    for (let i = 0; i < count; i++) {
      const bit = count === bits ? i : Math.floor(random() * bits)
      const { file, bytes, at } = flipped(bit)
      const changed = new Map([[file, bytes]])
      const wrong = wrongIn(truth, await readEverything(await repositoryWith(files, changed)))
      if (wrong.length > 0) bad.push(`bit ${at} of ${file}: ${wrong}`)
      const problems = await problemsOf(await repositoryWith(files, changed))
      if (!problems.some((problem) => names(problem, file))) {
        bad.push(`bit ${at} of ${file}: fsck says ${JSON.stringify(problems)}`)
      }
    }
    expect(bad).toEqual([])
  })
})

/** A file with a bit flipped, counted over all files. */
function flipped(bit: number): { file: string; bytes: Uint8Array; at: number } {
  let before = 0
  for (const [file, bytes] of files) {
    const at = bit - before
    if (at < bytes.length * 8) {
      const copy = bytes.slice()
      copy[at >> 3]! ^= 1 << (at & 7)
      return { file, bytes: copy, at }
    }
    before += bytes.length * 8
  }
  throw new Error(`there is no bit ${bit}`)
}
