import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { PROGRAM } from '../support/program.ts'

function milliseconds(args: readonly string[]): number {
  const start = process.hrtime.bigint()
  spawnSync(process.execPath, args)
  return Number(process.hrtime.bigint() - start) / 1e6
}

/** How many times as long as bare Node: the median of pairs, as the machine does other things. */
function timesBareNode(args: readonly string[]): number {
  const ratios = Array.from({ length: 11 }, () => milliseconds(args) / milliseconds(['-e', '0']))
  return ratios.sort((a, b) => a - b)[5]!
}

describe('start-up', () => {
  it('of `varve version` takes hardly longer than Node itself', () => {
    expect(timesBareNode([PROGRAM, 'version'])).toBeLessThan(1.9)
  })

  it('of a command with options takes less than four times as long', () => {
    expect(timesBareNode([PROGRAM, 'version', '--build-options'])).toBeLessThan(4)
  })
})
