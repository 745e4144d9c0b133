import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/temporary.ts'

const SCRIPT = resolve(import.meta.dirname, '../../scripts/count-tests.js')
const GOOD = {
  success: true,
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 2,
  numTodoTests: 1,
  numFailedTestSuites: 0,
}

async function count(failedSteps: number, ...reports: (object | undefined)[]) {
  const folder = temporaryFolder()
  const paths = reports.map((report, index) => {
    const path = join(folder, `${index}.json`)
    if (report !== undefined) writeFileSync(path, JSON.stringify(report))
    return path
  })
  const { stdout, exitCode } = await execa('node', [SCRIPT, String(failedSteps), ...paths], {
    reject: false,
  })
  return [stdout, exitCode]
}

describe('count-tests', () => {
  it('adds reports up', async () => {
    expect(await count(0, GOOD, GOOD)).toEqual(['10 passed, 0 failed, 6 skipped', 0])
  })

  it('fails for failed tests, files that cannot be loaded, failed steps, missing reports', async () => {
    const failing = { ...GOOD, success: false, numFailedTests: 2 }
    expect(await count(1, GOOD, failing)).toEqual(['10 passed, 2 failed, 6 skipped', 1])
    const unloadable = { ...GOOD, success: false, numFailedTestSuites: 3 }
    expect(await count(1, unloadable)).toEqual(['5 passed, 3 failed, 3 skipped', 1])
    expect(await count(1, GOOD)).toEqual(['5 passed, 1 failed, 3 skipped', 1])
    expect(await count(0, GOOD, undefined)).toEqual(['5 passed, 1 failed, 3 skipped', 1])
  })

  it('fails when nothing ran', async () => {
    expect(await count(0, { ...GOOD, numPassedTests: 0 })).toEqual([
      '0 passed, 1 failed, 3 skipped',
      1,
    ])
  })
})
