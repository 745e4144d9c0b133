import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from '../data-random.ts'
import { type Cost, medianCost, run, sizeOf } from '../measure.ts'
import { varve } from '../program.ts'
import type { Suite } from '../suite.ts'
import type { Row } from '../table.ts'

const SERIES = 5_000
const START = Date.UTC(2026, 0, 1)

export const splitSuite: Suite = {
  name: 'split',
  about: 'one CSV of many sensors to a series each',
  run: ({ folder, rows, runs }) => ({ rows: benchSplit(folder, rows, runs) }),
}

/** One CSV of many sensors split into as many series; then the same day's table once more. */
function benchSplit(folder: string, rows: number, runs: number): Row[] {
  const times = Math.max(1, Math.round(rows / SERIES))
  const results: Row[] = []
  for (const order of ['time', 'sensor'] as const) {
    const csv = join(folder, `by-${order}.csv`)
    const storedBytes = writeManySensors(csv, times, order)
    const count = (SERIES * times).toLocaleString('en-US')
    results.push({ what: `the CSV, ${count} rows, sorted by ${order}`, storedBytes })
    const costs: { first: Cost[]; again: Cost[] } = { first: [], again: [] }
    let stored = 0
    for (let i = 0; i < runs; i++) {
      const cwd = join(folder, `run${i}`)
      mkdirSync(cwd)
      run(varve('init', '.'), { cwd })
      const split = ['write', '--split-by', 'sensor', '--into', 'sensors/', '--commit', csv]
      costs.first.push(run(varve(...split, '--create'), { cwd }))
      stored = sizeOf(join(cwd, '.varve'))
      costs.again.push(run(varve(...split), { cwd }))
      rmSync(cwd, { recursive: true })
    }
    results.push({
      what: 'varve write --split-by, 5,000 new series',
      ...medianCost(costs.first),
      storedBytes: stored,
    })
    results.push({ what: 'the same again, nothing new', ...medianCost(costs.again) })
  }
  return results
}

/** Writes a CSV of sensors with a value each minute, in the order of time or of sensors. */
function writeManySensors(path: string, times: number, order: 'time' | 'sensor'): number {
  const random = seeded(1)
  const values = new Int32Array(SERIES).fill(2000)
  const file = openSync(path, 'w')
  let bytes = writeSync(file, 'sensor,time,value\n')
  const line = (sensor: number, minute: number): string => {
    values[sensor]! += Math.round((random() + random() - 1) * 5)
    const time = new Date(START + minute * 60_000).toISOString().slice(0, 19)
    return `sensor-${String(sensor).padStart(4, '0')},${time}Z,${(values[sensor]! / 100).toFixed(2)}\n`
  }
  const [outer, inner] = order === 'time' ? [times, SERIES] : [SERIES, times]
  for (let i = 0; i < outer; i++) {
    let text = ''
    for (let j = 0; j < inner; j++) text += order === 'time' ? line(j, i) : line(i, j)
    bytes += writeSync(file, text)
  }
  closeSync(file)
  return bytes
}
