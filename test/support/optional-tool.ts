import { spawnSync } from 'node:child_process'

/** Whether a program is installed; says so loudly when it is not, as tests are then skipped. */
export function hasTool(name: string): boolean {
  const there = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  if (!there) process.stderr.write(`SKIPPED: tests that need ${name}, which is not installed\n`)
  return there
}
