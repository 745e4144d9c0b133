// Builds bench/main.ts into dist/ and runs it with the arguments given, after the program was built.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = `${root}dist/bench-${process.pid}.js`
const worker = `bench-${process.pid}-worker.js`
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
}
try {
  // What is measured in process has the threads that the library has.
  const entryPoints = ['src/storage/encode-worker.ts']
  await build({ ...common, entryPoints, outfile: `${root}dist/${worker}` })
  await build({
    ...common,
    entryPoints: ['bench/main.ts'],
    outfile,
    define: { VARVE_ENCODE_WORKER: JSON.stringify(`./${worker}`) },
  })
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
} finally {
  for (const file of [outfile, `${root}dist/${worker}`]) rmSync(file, { force: true })
}
