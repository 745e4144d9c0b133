import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Comparison, VARVE } from '../compare.ts'
import { run } from '../measure.ts'
import { varve } from '../program.ts'
import type { Suite, Target } from '../suite.ts'

const NODE = 'node -e 0'

/** Small commands: what, and how much of bare Node's time they may take. */
const commands: readonly [args: readonly string[], most?: number][] = [
  [['version'], 1.9],
  [['read', 'small', '--tail', '5'], 2.3],
  [['write', 'small', 'row.csv', '--commit'], 3],
  [['ls']],
  [['log', '-n', '20']],
]

/** How long small commands take, each in turn with Node alone. */
export const startUpSuite: Suite = {
  name: 'start-up',
  about: 'small commands beside bare Node, whole processes',
  run({ folder: cwd, runs }) {
    run(varve('init', '.'), { cwd })
    writeFileSync(join(cwd, 'all.csv'), `time,value\n${rowsOf(1000)}`)
    run(varve('write', 'small', 'all.csv', '--create', '--commit'), { cwd })
    const comparison = new Comparison()
    const targets: Target[] = []
    for (const [args, most] of commands) {
      const what = `varve ${args.join(' ')}`
      // The first one reads files that the others find in the cache.
      for (let round = 0; round <= 7 * runs; round++) {
        const row = `time,value\n2026-03-01,${round}.5\n`
        writeFileSync(join(cwd, 'row.csv'), row)
        const own = run(varve(...args), { cwd })
        const node = run([process.execPath, '-e', '0'], { cwd })
        if (round === 0) continue
        comparison.add(what, VARVE, own)
        comparison.add(what, NODE, node)
      }
      if (most !== undefined) targets.push(...comparison.target(what, NODE, 'seconds', most))
    }
    return { rows: comparison.rows(), targets }
  },
}

function rowsOf(days: number): string {
  const start = Date.UTC(2024, 0, 1)
  return Array.from({ length: days }, (_, day) => {
    return `${new Date(start + day * 86_400_000).toISOString().slice(0, 10)},${day % 7}.25\n`
  }).join('')
}
