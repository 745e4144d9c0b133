import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll } from 'vitest'

const dist = resolve(import.meta.dirname, '../../../dist')

/** Bundles the sample program the way the real one is; returns the path to start it by. */
export async function buildSample(): Promise<string> {
  mkdirSync(dist, { recursive: true })
  // Not in the system's temporary folder: native packages are found from where the program is.
  const outdir = mkdtempSync(join(dist, 'sample-'))
  afterAll(() => rmSync(outdir, { recursive: true, force: true }))
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    external: ['zstd-napi'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  })
  return join(outdir, 'main.js')
}
