// Builds dist/ from src/ with esbuild: the program (main.js), the library (index.js) and, where
// there is one, the demo (demo.js). Dynamic imports become chunks of their own, so a command that
// is not called is not read either.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

const entryPoints = { main: 'src/main.ts' }
for (const [name, source] of [
  ['index', 'src/index.ts'],
  ['demo', 'src/demo/main.ts'],
]) {
  if (existsSync(root + source)) entryPoints[name] = source
}

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  // A native addon finds its binary beside its own package.
  external: ['zstd-napi'],
  define: { VARVE_VERSION: JSON.stringify(version) },
  // CommonJS packages call require for Node's own modules, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
})

// Chunks of earlier builds stay for a while: a program that started before may still load them.
const KEEP_MS = 10 * 60 * 1000
const chunks = `${root}dist/chunks`
for (const name of existsSync(chunks) ? readdirSync(chunks) : []) {
  const current = metafile.outputs[`dist/chunks/${name}`] !== undefined
  if (!current && Date.now() - statSync(`${chunks}/${name}`).mtimeMs > KEEP_MS) {
    rmSync(`${chunks}/${name}`, { force: true })
  }
}
