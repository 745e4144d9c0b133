// Builds dist/ from src/ with esbuild: the program (main.js), the library (index.js) and, where
// there is one, the demo (demo.js). Dynamic imports become chunks of their own, so a command that
// is not called is not read either. Another folder than dist/ may be given.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = resolve(process.argv[2] ?? `${root}dist`)
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

const entryPoints = { main: 'src/main.ts' }
for (const [name, source] of [
  ['index', 'src/index.ts'],
  ['demo', 'src/demo/main.ts'],
]) {
  if (existsSync(root + source)) entryPoints[name] = source
}

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: target,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
  // They find their binaries beside their own code.
  external: ['zstd-napi', '@bokuweb/zstd-wasm'],
  define: { VARVE_VERSION: JSON.stringify(version) },
  // CommonJS packages call require for Node's own modules, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
})

// Chunks first, each file whole or not at all: a program that starts meanwhile finds what it needs.
const chunks = `${target}/chunks`
mkdirSync(chunks, { recursive: true })
const isEntry = (file) => dirname(file.path) !== chunks
for (const file of outputFiles.sort((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
  if (existsSync(file.path) && readFileSync(file.path).equals(file.contents)) continue
  const temporary = `${file.path}.${process.pid}`
  writeFileSync(temporary, file.contents)
  renameSync(temporary, file.path)
}

// Chunks of earlier builds stay for a while: a program that started before may still load them.
const KEEP_MS = 10 * 60 * 1000
const current = new Set(outputFiles.map((file) => relative(chunks, file.path)))
for (const name of readdirSync(chunks)) {
  const path = `${chunks}/${name}`
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
  if (!current.has(name) && age > KEEP_MS) rmSync(path, { force: true })
}
