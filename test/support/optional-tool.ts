import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

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

/** Whether files have owners here; says so loudly where they have none. */
export function hasOwners(): boolean {
  const there = process.geteuid !== undefined
  if (!there) process.stderr.write('SKIPPED: tests of who owns a file, which has no owner here\n')
  return there
}

/** Whether files can be given to another user, which root alone can; says so loudly where not. */
export function canGiveAway(): boolean {
  const there = process.geteuid?.() === 0
  if (!there) process.stderr.write('SKIPPED: tests with files of another user: run them as root\n')
  return there
}

/** Whether columns are encoded in threads beside, as they are on more than one processor; says so loudly where not. */
export function hasThreads(): boolean {
  const there = availableParallelism() > 1
  if (!there)
    process.stderr.write('SKIPPED: tests of threads, which one processor has no use for\n')
  return there
}
