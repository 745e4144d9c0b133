// What `npm pack` packs is built anew: nothing of earlier builds goes into a package.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
rmSync(`${root}dist/types`, { recursive: true, force: true })
for (const args of [
  ['scripts/build.js', '--clean'],
  ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.types.json'],
]) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
