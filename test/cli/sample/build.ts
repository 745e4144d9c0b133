import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll } from 'vitest'

const dist = resolve(import.meta.dirname, '../../../dist')
const folders: string[] = []

// Here, while the test file is being read: a hook that is made inside another does not run.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Bundles the sample program the way the real one is; returns the path to start it by. */
export async function buildSample(): Promise<string> {
  mkdirSync(dist, { recursive: true })
  // Not in the system's temporary folder: native packages are found from where the program is.
  const outdir = mkdtempSync(join(dist, 'sample-'))
  folders.push(outdir)
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    external: ['zstd-napi', '@bokuweb/zstd-wasm', 'ssh2'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  })
  return join(outdir, 'main.js')
}
