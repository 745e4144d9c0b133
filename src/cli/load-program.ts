import fs from 'node:fs'
import { join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cachedDataVersionTag } from 'node:v8'
import { Script } from 'node:vm'
import { userCacheFolder } from './cache-folder.ts'
import { type CacheFolder, readCodeCache, writeCodeCache } from './code-cache.ts'

/** Code is kept anew so often: a command seldom calls all that it has the first time. */
const MOST_WRITES = 4

interface LoadedModule {
  exports: unknown
}
type ModuleFunction = (
  exports: unknown,
  require: (id: string) => unknown,
  module: LoadedModule,
  filename: string,
  dirname: string,
) => void

/**
 * Runs a CommonJS chunk of the built program, which the build has made a function, and the chunks that it asks for. V8's compiled code is kept
 * from run to run: compiling takes longer than what most commands do.
 *
 * @param folder where the chunks are, in ASCII
 * @param entry the file name of the chunk to begin with
 * @param ownRequire loads what is no chunk, as a file in the folder would
 */
export function loadProgram(
  folder: string,
  entry: string,
  ownRequire: (id: string) => unknown,
): unknown {
  const cache = openCache(folder)
  const modules = new Map<string, LoadedModule>()
  const scripts = new Map<string, Script>()
  // Names of chunks are plain ASCII: they need neither be joined nor quoted one by one.
  const url = pathToFileURL(join(folder, sep)).href
  let isComplete = true

  const load = (name: string): unknown => {
    const known = modules.get(name)
    if (known !== undefined) return known.exports
    const module: LoadedModule = { exports: {} }
    modules.set(name, module)
    const path = folder + sep + name
    const code = fs.readFileSync(path, 'latin1')
    const cachedData = cache?.compiled.get(name)
    const script = new Script(code, {
      filename: url + name,
      ...(cachedData === undefined ? {} : { cachedData }),
    })
    if (cachedData === undefined || script.cachedDataRejected === true) isComplete = false
    scripts.set(name, script)
    const run = script.runInThisContext() as ModuleFunction
    const require = (id: string) => (id.startsWith('./') ? load(id.slice(2)) : ownRequire(id))
    run(module.exports, require, module, path, folder)
    return module.exports
  }

  if (cache !== undefined) {
    process.once('exit', (exitCode) => {
      if ((isComplete && cache.writes >= MOST_WRITES) || exitCode !== 0) return
      cache.write([...scripts].map(([name, script]) => [name, script.createCachedData()]))
    })
  }
  return load(entry)
}

interface Cache {
  readonly compiled: ReadonlyMap<string, Buffer>
  /** How often it was written. */
  readonly writes: number
  write(chunks: readonly (readonly [name: string, compiled: Buffer])[]): void
}

/** Undefined where code is compiled in another way than usual, or nothing is to be kept. */
function openCache(program: string): Cache | undefined {
  const { env, execArgv } = process
  const isUnusual = env.NODE_V8_COVERAGE || env.NODE_OPTIONS || execArgv.length > 0
  if (isUnusual || env.NODE_DISABLE_COMPILE_CACHE) return undefined
  const folders: CacheFolder[] = [{ path: join(program, 'cache'), isPrivate: false }]
  if (process.getuid !== undefined) {
    folders.push({ path: userCacheFolder((name) => env[name]), isPrivate: true })
  }
  const name = `${commandIn(process.argv.slice(2))}-${cachedDataVersionTag().toString(36)}`
  const { chunks: compiled, writes } = readCodeCache(folders, name)
  return {
    compiled,
    writes,
    write(chunks) {
      // Of what was not asked for this time, all that is still of this program.
      const isCurrent = (chunk: string) => fs.existsSync(join(program, chunk))
      const rest = [...compiled].filter(([chunk]) => isCurrent(chunk))
      const all = new Map([...rest, ...chunks])
      writeCodeCache(folders, name, { chunks: all, writes: writes + 1 })
    },
  }
}

/**
 * The command on a command line, as far as that can be seen without the program; `tui` also where `log` is to open the
 * viewer, which is then the program that runs.
 */
export function commandIn(argv: readonly string[]): string {
  for (let at = 0; at < argv.length; at++) {
    if (/^-[cCR]$/.test(argv[at]!)) at += 1
    else if (/^[a-z]+(-[a-z]+)*$/.test(argv[at]!)) {
      const options = argv.slice(at + 1, argv.includes('--') ? argv.indexOf('--') : undefined)
      return argv[at] === 'log' && options.includes('--interactive') ? 'tui' : argv[at]!
    } else if (!argv[at]!.startsWith('-')) break
  }
  return 'varve'
}
