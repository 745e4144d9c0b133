// Writes the pages of docs/ that are made from the program: commands, configuration, exit codes.
// With --check it writes nothing and fails when a page is not what the program says.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const check = process.argv.includes('--check')

mkdirSync(`${root}dist`, { recursive: true })
const folder = mkdtempSync(`${root}dist/docs-`)
try {
  await build({
    absWorkingDir: root,
    stdin: {
      contents: `export { referencePages } from './src/cli/reference.ts'
                 export { commands } from './src/commands.ts'`,
      resolveDir: root,
    },
    outfile: join(folder, 'reference.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  })
  const { referencePages, commands } = await import(
    pathToFileURL(join(folder, 'reference.js')).href
  )
  const pages = await referencePages(commands)
  const stale = stalePages(pages)
  if (!check) {
    for (const path of stale) {
      const content = pages.get(path)
      if (content === undefined) rmSync(root + path)
      else {
        mkdirSync(dirname(root + path), { recursive: true })
        writeFileSync(root + path, content)
      }
    }
  }
  for (const path of stale) process.stdout.write(`${check ? 'stale' : 'wrote'}: ${path}\n`)
  if (check && stale.length > 0) {
    process.stderr.write('run `npm run docs`\n')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Pages that are missing, differ, or belong to no command any more. */
function stalePages(pages) {
  const changed = [...pages.keys()].filter(
    (path) => !existsSync(root + path) || readFileSync(root + path, 'utf8') !== pages.get(path),
  )
  const there = existsSync(`${root}docs/commands`) ? readdirSync(`${root}docs/commands`) : []
  const left = there.map((name) => `docs/commands/${name}`).filter((path) => !pages.has(path))
  return [...changed, ...left]
}
