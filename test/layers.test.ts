import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** What each folder of `src/` may import of the others. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  zstd: ['core'],
  storage: ['zstd', 'core'],
  formats: ['zstd', 'core'],
  transport: ['storage', 'core'],
  plumbing: ['transport', 'storage', 'formats', 'core'],
  porcelain: ['plumbing', 'formats', 'zstd', 'core'],
  cli: ['porcelain', 'plumbing', 'zstd', 'core'],
  library: ['porcelain', 'plumbing', 'storage', 'formats', 'core'],
  demo: ['porcelain', 'plumbing', 'cli', 'zstd', 'core'],
}
/** `src/*.ts`: the launcher, the command table, the library entry. */
const OUTSIDE = 'src'

/**
 * Exceptions, each with its reason. `from` and `to` are paths under `src/`; a folder ends in `/`.
 */
const exceptions: readonly { from: string; to: string; reason: string }[] = [
  { from: 'cli/repository-source.ts', to: 'storage/', reason: 'opens the storage a path names' },
  {
    from: 'cli/surroundings.ts',
    to: 'storage/secret-file.ts',
    reason: 'reads secrets that nobody else may read',
  },
  { from: 'cli/far-storage.ts', to: 'storage/', reason: 'opens the storage a URL names' },
  { from: 'cli/make-context.ts', to: 'storage/read-file.ts', reason: 'reads files the user names' },
  {
    from: 'cli/make-context.ts',
    to: 'storage/write-file.ts',
    reason: 'writes files the user names',
  },
  { from: 'plumbing/commands/', to: 'cli/', reason: 'declares commands' },
  { from: 'porcelain/commands/', to: 'cli/', reason: 'declares commands' },
]

/** Modules that `core` may use: pure functions, over buffers and over calendars and zones. */
const pureModules = ['node:crypto', 'node:buffer', 'temporal-polyfill']
const fileModules = ['node:fs', 'node:fs/promises']
const mayTouchFiles = ['storage', 'cli', 'demo']

/** Input that a caller does not give: only the frame may read it. */
const ambient = [
  /\bprocess\.(env|cwd|argv|std(in|out|err)|exit|on)\b/,
  /\bDate\.now\(/,
  /\bnew Date\(\)/,
  /\b(homedir|hostname|userInfo)\(/,
]
const mayReadAmbient = ['cli', 'demo', OUTSIDE]
/**
 * The seam's `modified`, where a file system would stamp it: for grace periods, never for ids. What of a
 * cache was used last. And the library's clock, where its caller gives none.
 */
const stampsTimes = [
  'storage/memory.ts',
  'storage/cached-ranges.ts',
  'library/open-repository.ts',
  'library/clone-repository.ts',
]

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => path.replaceAll('\\', '/'))

function importsOf(path: string): string[] {
  const text = readFileSync(join(root, 'src', path), 'utf8')
  return ts.preProcessFile(text).importedFiles.map((file) => file.fileName)
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

function layerOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : OUTSIDE
}

function isException(from: string, to: string): boolean {
  const fits = (path: string, rule: string) =>
    rule.endsWith('/') ? path.startsWith(rule) : path === rule
  return exceptions.some((rule) => fits(from, rule.from) && fits(to, rule.to))
}

/** `from → to` for every import that goes against the arrows. */
function forbiddenImports(from: string): string[] {
  const layer = layerOf(from)
  if (layer === OUTSIDE) return []
  return importsOf(from)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(join(root, 'src'), resolve(root, 'src', dirname(from), target)))
    .filter((to) => {
      const target = layerOf(to)
      if (target === layer || mayImport[layer]?.includes(target) === true) return false
      return !isException(from, to)
    })
    .map((to) => `${from} → ${to}`)
}

describe('layers', () => {
  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(20)
  })

  it('knows every folder of src/', () => {
    const unknown = sources.map(layerOf).filter((layer) => layer !== OUTSIDE && !mayImport[layer])
    expect([...new Set(unknown)]).toEqual([])
  })

  it('import only what lies below them', () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([])
  })

  it('keep core free of everything but pure modules', () => {
    const foreign = sources
      .filter((path) => layerOf(path) === 'core')
      .flatMap((path) =>
        importsOf(path)
          .filter((target) => !target.startsWith('.') && !pureModules.includes(target))
          .map((target) => `${path} → ${target}`),
      )
    expect(foreign).toEqual([])
  })

  it('touch files only in storage and the frame', () => {
    const touching = sources.filter(
      (path) =>
        !mayTouchFiles.includes(layerOf(path)) &&
        importsOf(path).some((target) => fileModules.includes(target)),
    )
    expect(touching).toEqual([])
  })

  it('read the environment, the clock and the terminal only in the frame', () => {
    const reading = sources
      .filter((path) => !mayReadAmbient.includes(layerOf(path)) && !stampsTimes.includes(path))
      .filter((path) => {
        const text = withoutComments(readFileSync(join(root, 'src', path), 'utf8'))
        return ambient.some((pattern) => pattern.test(text))
      })
    expect(reading).toEqual([])
  })

  it('have exceptions that are still needed', () => {
    const needed = (rule: (typeof exceptions)[number]) =>
      sources.some(
        (from) =>
          (rule.from.endsWith('/') ? from.startsWith(rule.from) : from === rule.from) &&
          importsOf(from).some((target) => {
            if (!target.startsWith('.')) return false
            const to = relative(join(root, 'src'), resolve(root, 'src', dirname(from), target))
            return rule.to.endsWith('/') ? to.startsWith(rule.to) : to === rule.to
          }),
      )
    expect(exceptions.filter((rule) => !needed(rule))).toEqual([])
  })
})
