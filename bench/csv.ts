import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cost, hasTool, medianCost, run, sizeOf } from './measure.ts'
import { varve } from './program.ts'
import { writeSensors } from './sensors.ts'
import type { Row } from './table.ts'

/** A large CSV in and out, one row of it corrected, and what compressors make of the file. */
export function benchCsv(folder: string, rows: number, runs: number): Row[] {
  const csv = join(folder, 'sensors.csv')
  const storedBytes = writeSensors(csv, rows)
  const correction = join(folder, 'correction.csv')
  writeFileSync(correction, 'time,value\n2026-01-01T00:16:40Z,99.99\n')
  const steps: [what: string, args: string[]][] = [
    ['varve add', ['add', csv]],
    ['varve commit', ['commit', '-m', 'all']],
    ['varve read, all rows', ['read', 'sensors']],
    ['varve read, one row', ['read', 'sensors', '--at', '2026-01-01T12:00:00Z']],
    ['varve write --commit, one row', ['write', 'sensors', correction, '--commit']],
  ]
  const costs = new Map(steps.map(([what]) => [what, [] as Cost[]]))
  const stored = new Map<string, number>()
  for (let i = 0; i < runs; i++) {
    const cwd = join(folder, `run${i}`)
    mkdirSync(cwd)
    run(varve('init', '.'), { cwd })
    for (const [what, args] of steps) {
      const before = sizeOf(join(cwd, '.varve'))
      costs.get(what)!.push(run(varve(...args), { cwd }))
      stored.set(what, sizeOf(join(cwd, '.varve')) - before)
    }
    rmSync(cwd, { recursive: true })
  }
  const results: Row[] = steps.map(([what]) => ({
    what,
    ...medianCost(costs.get(what)!),
    ...(stored.get(what)! > 0 && { storedBytes: stored.get(what)! }),
  }))
  const file: Row = { what: `the CSV, ${rows.toLocaleString('en-US')} rows`, storedBytes }
  return [file, ...results, ...compressors(folder, csv), ...gitRows(folder, csv, runs)]
}

function compressors(folder: string, csv: string): Row[] {
  return ['gzip -6', 'zstd -3']
    .map((text) => text.split(' '))
    .filter(([name]) => hasTool(name!))
    .map((command) => {
      const stdout = join(folder, 'packed')
      const cost = run([...command, '-c', csv], { cwd: folder, stdout })
      return { what: command.join(' '), ...cost, storedBytes: sizeOf(stdout) }
    })
}

/** The same file and the same correction in git. */
function gitRows(folder: string, csv: string, runs: number): Row[] {
  if (!hasTool('git')) return []
  const name = 'sensors.csv'
  const costs: { all: Cost[]; one: Cost[] } = { all: [], one: [] }
  const stored = { all: 0, one: 0 }
  for (let i = 0; i < runs; i++) {
    const cwd = join(folder, `git${i}`)
    mkdirSync(cwd)
    copyFileSync(csv, join(cwd, name))
    run(['git', 'init', '-q', '.'], { cwd })
    for (const step of ['all', 'one'] as const) {
      if (step === 'one') run(['sed', '-i', '1002s/,.*/,99.99/', name], { cwd })
      const before = sizeOf(join(cwd, '.git'))
      const script = `git add ${name} && git commit -q -m x`
      costs[step].push(run(['sh', '-c', script], { cwd }))
      stored[step] = sizeOf(join(cwd, '.git')) - before
    }
    rmSync(cwd, { recursive: true })
  }
  return [
    { what: 'git add, commit', ...medianCost(costs.all), storedBytes: stored.all },
    { what: 'git add, commit, one row', ...medianCost(costs.one), storedBytes: stored.one },
  ]
}
