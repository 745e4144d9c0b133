import { spawnSync } from 'node:child_process'

/** Whether a program is installed; says so loudly when it is not, as tests are then skipped. */
export function hasTool(name: string): boolean {
  const there = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  if (!there) process.stderr.write(`SKIPPED: tests that need ${name}, which is not installed\n`)
  return there
}

/** Whether Debian's own Python has a module; says so loudly when it does not. */
export function hasPythonModule(name: string): boolean {
  const there = spawnSync('/usr/bin/python3', ['-c', `import ${name}`]).status === 0
  if (!there) process.stderr.write(`SKIPPED: tests that need python3-${name}\n`)
  return there
}

/** Whether addresses of a process can be limited, as Linux does; says so loudly where they cannot. */
export function canLimitAddresses(): boolean {
  const there = process.platform === 'linux'
  if (!there) process.stderr.write('SKIPPED: tests that limit addresses, which Linux alone does\n')
  return there
}
