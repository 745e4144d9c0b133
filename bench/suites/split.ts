import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { Comparison, VARVE } from '../compare.ts'
import { run, stored } from '../measure.ts'
import { varve } from '../program.ts'
import type { Suite } from '../suite.ts'

const SERIES = 5_000
const START = Date.UTC(2026, 0, 1)

/** One CSV of many sensors split into as many series; then the same table once more. */
export const splitSuite: Suite = {
  name: 'split',
  about: 'one CSV of many sensors to a series each, whole processes',
  run({ folder, rows, runs }) {
    const sensors = Math.min(SERIES, Math.ceil(rows / 100))
    const times = Math.ceil(rows / sensors)
    const comparison = new Comparison()
    for (const order of ['time', 'sensor'] as const) {
      const csv = join(folder, `by-${order}.csv`)
      const storedBytes = writeManySensors(csv, sensors, times, order)
      const series = `${sensors.toLocaleString('en-US')} series, sorted by ${order}`
      comparison.add(`${series}: the CSV`, VARVE, { storedBytes })
      for (let round = 0; round < runs; round++) {
        const cwd = join(folder, `run${round}`)
        mkdirSync(cwd)
        run(varve('init', '.'), { cwd })
        const split = ['write', '--split-by', 'sensor', '--into', 'sensors/', '--commit', csv]
        const cost = run(varve(...split, '--create'), { cwd })
        const size = stored(join(cwd, '.varve'))
        comparison.add(`${series}: written`, VARVE, { ...cost, ...size })
        comparison.add(`${series}: once more, nothing new`, VARVE, run(varve(...split), { cwd }))
        rmSync(cwd, { recursive: true })
      }
    }
    return { rows: comparison.rows().map(({ who: _, ...row }) => row) }
  },
}

/** Writes a CSV of sensors with a value each minute, in the order of time or of sensors. */
function writeManySensors(
  path: string,
  sensors: number,
  times: number,
  order: 'time' | 'sensor',
): number {
  const random = seededRandom(1)
  const values = new Int32Array(sensors).fill(2000)
  const file = openSync(path, 'w')
  let bytes = writeSync(file, 'sensor,time,value\n')
  const line = (sensor: number, minute: number): string => {
    values[sensor]! += Math.round((random() + random() - 1) * 5)
    const time = new Date(START + minute * 60_000).toISOString().slice(0, 19)
    return `sensor-${String(sensor).padStart(4, '0')},${time}Z,${(values[sensor]! / 100).toFixed(2)}\n`
  }
  const [outer, inner] = order === 'time' ? [times, sensors] : [sensors, times]
  for (let i = 0; i < outer; i++) {
    let text = ''
    for (let j = 0; j < inner; j++) text += order === 'time' ? line(j, i) : line(i, j)
    bytes += writeSync(file, text)
  }
  closeSync(file)
  return bytes
}
