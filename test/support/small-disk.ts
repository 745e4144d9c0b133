import { execFileSync } from 'node:child_process'

/**
 * Mounts a file system of 2 MiB in memory at `folder`. Needs rights that not everyone has: false
 * where they are missing, and says so loudly, as tests are then skipped.
 */
export function mountSmall(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    process.stderr.write('SKIPPED: a full disk, which needs the right to mount a tmpfs\n')
    return false
  }
}
