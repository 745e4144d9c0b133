import { medianCost, run } from './measure.ts'
import { varve } from './program.ts'
import type { Row } from './table.ts'

/** How long small commands take, beside Node alone. */
export function benchStartUp(folder: string, runs: number): Row[] {
  run(varve('init', '.'), { cwd: folder })
  const commands: [what: string, command: string[]][] = [
    ['node alone', [process.execPath, '-e', '0']],
    ['varve version', varve('version')],
    ['varve rev-parse --varve-dir', varve('rev-parse', '--varve-dir')],
    ['varve ls', varve('ls')],
  ]
  return commands.map(([what, command]) => {
    const costs = Array.from({ length: runs + 1 }, () => run(command, { cwd: folder }))
    // The first one reads files that the others find in the cache.
    return { what, ...medianCost(costs.slice(1)) }
  })
}
