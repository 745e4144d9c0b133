// Builds dist/ from src/: the program (program/) with Rolldown, which can be told what to put
// together, and the library (index.js) and, where there is one, the demo (demo.js) with esbuild.
// Dynamic imports become chunks of their own, so a command that is not called is not read either.
// Another folder than dist/ may be given. With --clean nothing of earlier builds is left.
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
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { rolldown } from 'rolldown'
import { programChunks } from './program-chunks.js'

const { values, positionals } = parseArgs({
  options: { clean: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const root = fileURLToPath(new URL('..', import.meta.url))
const target = resolve(positionals[0] ?? `${root}dist`)
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const define = { VARVE_VERSION: JSON.stringify(version) }
/** They find their binaries beside their own code. */
const external = ['zstd-napi', '@bokuweb/zstd-wasm', 'ssh2']

const LAUNCHER = 'src/main.ts'

const NOTHING = '\0nothing'
const YOGA = `${root}src/porcelain/tui/yoga.ts`

/**
 * Ink without its tools for those who work on it, and with a layout engine that does not wait while it is loaded: it
 * can then be one of the program's files.
 */
const inkAsChunk = {
  name: 'ink-as-chunk',
  resolveId(source) {
    if (source === 'react-devtools-core') return NOTHING
    return source === 'yoga-layout' ? YOGA : undefined
  },
  load: (id) => (id === NOTHING ? 'export default undefined' : undefined),
  transform(code, id) {
    if (id.endsWith('/ink/build/utils.js')) return code.replace(/=> process.env.*/, '=> false')
    if (!id.endsWith('/ink/build/reconciler.js')) return undefined
    return code.replace(/\bawait (?=import\('\.\/devtools\.js'\)|loadPackageJson\(\))/g, '')
  },
}

/** @type {(entry: string, define: Record<string, string>, entryFileNames: string, isSplit: boolean) => Promise<{ name: string, contents: Buffer, isEntry: boolean }[]>} */
async function bundle(entry, define, entryFileNames, isSplit) {
  const split = isSplit ? programChunks() : undefined
  const bundle = await rolldown({
    cwd: root,
    input: { [basename(entry).replace(/\.tsx?$/, '')]: entry },
    platform: 'node',
    external: external.flatMap((name) => [name, new RegExp(`^${name}/`)]),
    plugins: [inkAsChunk, split?.plugin],
    transform: {
      target: 'node20',
      define: {
        'import.meta.resolve': 'undefined',
        'process.env.NODE_ENV': '"production"',
        ...define,
      },
    },
  })
  const { output } = await bundle.generate({
    format: 'cjs',
    entryFileNames,
    chunkFileNames: '[name]-[hash].cjs',
    // Code that is compiled with what was kept cannot import modules.
    dynamicImportInCjs: false,
    comments: false,
    codeSplitting: split !== undefined && { groups: split.groups },
  })
  await bundle.close()
  refuseCircles(new Map(output.map((file) => [file.fileName, file.imports])))
  return output.map((file) => ({
    name: file.fileName,
    contents: Buffer.from(inAscii(asLoaded(plainExports(plainBuiltins(file.code)), isSplit))),
    isEntry: file.isEntry,
  }))
}

/**
 * Exports as one object, where Rolldown makes a getter for each: there are hundreds, and a getter is asked at every
 * use. Chunks do not need each other in a circle, and nothing that is exported is assigned to later: the build
 * ends where that changes.
 */
function plainExports(code) {
  const exported = []
  const rest = code.replace(EXPORT, (_, name, local) => {
    if (new RegExp(`^let ${local}\\b`, 'm').test(code)) throw new Error(`${local} is assigned to`)
    exported.push(name === local ? name : `${name}: ${local}`)
    return ''
  })
  return exported.length === 0
    ? code
    : `${rest}\nmodule.exports = { __proto__: exports, ${exported.join(', ')} };`
}

const EXPORT =
  /^Object\.defineProperty\(exports, "(\w+)", \{\s+enumerable: true,\s+get: function\(\) \{\s+return (\w+);\s+\}\s+\}\);\n?/gm

/** Chunks are functions already when src/cli/load-program.ts reads them: a megabyte need not be copied for it. */
function asLoaded(code, isChunk) {
  return isChunk ? `(function (exports, require, module, __filename, __dirname) {${code}\n})` : code
}

/** @param {Map<string, string[]>} importsOf the files that each file needs at once */
function refuseCircles(importsOf) {
  const loaded = new Set()
  const load = (name, waiting) => {
    if (waiting.includes(name)) throw new Error(`chunks in a circle: ${waiting.join(', ')}`)
    if (loaded.has(name)) return
    for (const needed of importsOf.get(name) ?? []) load(needed, [...waiting, name])
    loaded.add(name)
  }
  for (const name of importsOf.keys()) load(name, [])
}

/** Node's own modules behind a prototype: Rolldown copies what they have, name by name. */
function plainBuiltins(code) {
  const plain = code
    .replace(
      /(?:\w+\.)?__toESM\(require\("(node:[\w/]+)"\)(?:, 1)?\)/g,
      (_, name) => `({ __proto__: require("${name}"), default: require("${name}") })`,
    )
    .replace(
      /^((?:let )?node_\w+(?:\$\d+)? = )(?:\w+\.)?__toESM\((node_\w+)(?:, 1)?\);$/gm,
      (_, start, name) => `${start}{ __proto__: ${name}, default: ${name} };`,
    )
  if (/__toESM\((?:node_|require\("node:)/.test(plain))
    throw new Error('a module of Node is copied')
  return plain
}

/**
 * Code whose texts have no other characters than ASCII: Node reads that without decoding it, and V8 keeps it in
 * half the room.
 */
function inAscii(code) {
  return code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// Where the program and the library find what their threads run, each from its own chunks.
const worker = await bundle('src/storage/encode-worker.ts', define, '[name]-[hash].cjs', false)
const workerFrom = (folder) => ({ VARVE_ENCODE_WORKER: JSON.stringify(folder + worker[0].name) })

const chunks = await bundle(
  'src/program.ts',
  { ...define, ...workerFrom('./') },
  '[name]-[hash].cjs',
  true,
)
const program = JSON.stringify(chunks.find(({ isEntry }) => isEntry).name)
const launcher = await bundle(LAUNCHER, { ...define, VARVE_PROGRAM: program }, '[name].cjs', false)

const entryPoints = { index: 'src/index.ts' }
if (existsSync(`${root}src/demo/main.ts`)) entryPoints.demo = 'src/demo/main.ts'
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
  external,
  define: { ...define, ...workerFrom('../program/') },
  // CommonJS packages call require for Node's own modules, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
})

const isChunk = (path) => dirname(path) === `${target}/chunks`
const files = [
  // Chunks first, each file whole or not at all: a program that starts meanwhile finds what it needs.
  ...[...worker, ...chunks].map(({ name, contents }) => ({
    path: `${target}/program/${name}`,
    contents,
  })),
  ...outputFiles.sort((a, b) => Number(isChunk(b.path)) - Number(isChunk(a.path))),
  ...launcher.map(({ name, contents }) => ({ path: `${target}/program/${name}`, contents })),
]
for (const { path, contents } of files) {
  mkdirSync(dirname(path), { recursive: true })
  if (existsSync(path) && readFileSync(path).equals(contents)) continue
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, contents)
  renameSync(temporary, path)
}

// Chunks of earlier builds stay for a while: a program that started before may still load them.
const KEEP_MS = values.clean ? 0 : 10 * 60 * 1000
const current = new Set(files.map(({ path }) => path))
for (const folder of ['chunks', 'program', 'program/cache']) {
  const inFolder = existsSync(`${target}/${folder}`) ? readdirSync(`${target}/${folder}`) : []
  for (const name of inFolder) {
    const path = `${target}/${folder}/${name}`
    const found = statSync(path, { throwIfNoEntry: false })
    const age = Date.now() - (found?.mtimeMs ?? Date.now())
    if (found?.isFile() && !current.has(path) && age >= KEEP_MS) rmSync(path, { force: true })
  }
}
