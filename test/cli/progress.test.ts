import { describe, expect, it } from 'vitest'
import { progressLine, startProgress } from '../../src/cli/progress.ts'

describe('progressLine', () => {
  it('shows share, amounts, rate and what is left', () => {
    const state = { label: 'reading x.csv', unit: 'bytes', count: 112e6, total: 266e6, elapsed: 2 }
    expect(progressLine({ ...state, unit: 'bytes' })).toBe(
      'reading x.csv ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌  42 %  112 MB of 266 MB  56.0 MB/s  3 s left',
    )
  })

  it('shows bytes that move with what is counted, within 80 columns', () => {
    const state = { label: 'receiving', count: 106, total: 141, bytes: 12.3e6, elapsed: 2 }
    const line = progressLine({ ...state, unit: 'objects' })
    expect(line).toBe(
      'receiving ━━━━━━━━━╌╌╌  75 %  106 of 141 objects  12.3 MB  6.2 MB/s  1 s left',
    )
    expect(line.length).toBeLessThan(80)
  })

  it('counts where the end is unknown', () => {
    const state = { label: 'rows', unit: 'rows', count: 12_345, total: undefined, elapsed: 10 }
    expect(progressLine({ ...state, unit: 'rows' })).toBe('rows  12.3k rows  1235 rows/s')
  })
})

describe('a label', () => {
  it('cannot control the terminal', () => {
    const state = { label: 'a\x1b[31m', unit: 'rows', count: 1, total: undefined, elapsed: 1 }
    expect(progressLine({ ...state, unit: 'rows' })).toMatch(/^a\\x1b\[31m {2}/)
  })
})

describe('startProgress', () => {
  function watch() {
    const written: string[] = []
    let time = 0
    const target = {
      write: (text: string) => void written.push(text),
      columns: () => 80,
      now: () => time,
    }
    const pass = (milliseconds: number) => {
      time += milliseconds
    }
    return { written, target, pass }
  }

  it('draws at most ten times a second, not at all for short work, and cleans up', () => {
    const { written, target, pass } = watch()
    const progress = startProgress({ label: 'x', unit: 'rows', total: 3000 }, target)
    for (let row = 0; row < 3000; row++) {
      pass(1)
      progress.add(1)
    }
    expect(written.length).toBeGreaterThan(20)
    expect(written.length).toBeLessThanOrEqual(28)
    progress.done()
    progress.done()
    expect(written.at(-1)).toBe('\r\x1b[K')
    progress.add(1)
    expect(written.at(-1)).toBe('\r\x1b[K')
  })

  it('writes nothing for work that is done at once, or without a terminal', () => {
    const { written, target } = watch()
    const progress = startProgress({ label: 'x', unit: 'rows' }, target)
    progress.set(10)
    progress.done()
    expect(written).toEqual([])
    startProgress({ label: 'x', unit: 'rows' }).add(1)
  })
})
