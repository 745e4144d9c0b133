import { describe, expect, it } from 'vitest'
import { Comparison, VARVE } from '../../bench/compare.ts'
import { formatTable, formatTargets } from '../../bench/table.ts'

describe('comparing programs', () => {
  it('gives medians, and the median of the shares of each round', () => {
    const comparison = new Comparison()
    for (const [own, peer] of [
      [1, 4],
      [2, 4],
      [30, 100],
    ]) {
      comparison.add('write', 'Other', { seconds: peer!, storedBytes: 100 })
      comparison.add('write', VARVE, { seconds: own!, storedBytes: 25 })
    }

    expect(comparison.rows()).toEqual([
      { what: 'write', who: VARVE, seconds: 2, storedBytes: 25 },
      {
        what: 'write',
        who: 'Other',
        seconds: 4,
        storedBytes: 100,
        share: { seconds: 0.3, storedBytes: 0.25 },
      },
    ])
    expect(comparison.target('write', 'Other', 'seconds', 0.5)).toMatchObject([
      { most: 0.5, reached: 0.3, unit: 'ratio' },
    ])
  })

  it('has no share of what was not measured, and no target for it', () => {
    const comparison = new Comparison()
    comparison.add('write', VARVE, { seconds: 1 })
    comparison.add('read', 'Other', { seconds: 1 })

    expect(comparison.rows().every(({ share }) => share === undefined)).toBe(true)
    expect(comparison.target('write', 'Other', 'seconds', 1)).toEqual([])
    expect(comparison.ownTarget('write', 'storedBytes', 1)).toEqual([])
  })

  it('says in words who takes more', () => {
    const comparison = new Comparison()
    comparison.add('write', VARVE, { seconds: 1, storedBytes: 3e6, cpuSeconds: 1 })
    comparison.add('write', 'Other', { seconds: 2.5, storedBytes: 1e6, cpuSeconds: 1.02 })
    const lines = formatTable('suite', comparison.rows()).split('\n')

    expect(lines[2]).toMatch(/^\| write \| varve \|/)
    expect(lines[3]).toMatch(/^\| {7}\| Other \|.*2\.5× faster \| +equal \| +3\.0× larger \|$/)
  })

  it('marks targets that are missed', () => {
    const targets = [
      { what: 'a', most: 0.5, reached: 0.5, unit: 'ratio' },
      { what: 'b', most: 2000, reached: 2001, unit: 'bytes' },
    ] as const
    const [, , first, second] = formatTargets(targets).split('\n')

    expect(first).toMatch(/yes \|$/)
    expect(second).toMatch(/NO +\|$/)
  })
})
