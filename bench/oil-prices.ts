import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Publication, readPublications } from '../src/demo/publications.ts'
import { hasTool, run, sizeOf } from './measure.ts'
import { ROOT, varve } from './program.ts'
import type { Row } from './table.ts'

const ARCHIVE = pathToFileURL(resolve(ROOT, 'examples/oil-prices/oil-prices-vintages.tar.zst'))

/** Every publication committed by command, as a cron job would; and by git, and as plain files. */
export async function benchOilPrices(folder: string, runs: number): Promise<Row[]> {
  const publications = await readPublications(ARCHIVE)
  const files = publications.flatMap(({ tables }) => [...tables.values()])
  const storedBytes = files.reduce((sum, bytes) => sum + bytes.length, 0)
  const rows: Row[] = [
    { what: `${publications.length} publications as CSV`, storedBytes },
    replay('varve: add, commit', folder, publications, runs, {
      begin: varve('init', '.'),
      each: [varve('add', '.'), varve('commit', '-m', 'publication')],
      data: '.varve',
    }),
  ]
  if (hasTool('git')) rows.push(...gitRows(folder, publications, runs))
  for (const command of [
    ['gzip', '-6'],
    ['zstd', '-3'],
  ]) {
    if (hasTool(command[0]!)) rows.push(compressed(folder, files, command))
  }
  return rows
}

interface Replayed {
  readonly begin: readonly string[]
  readonly each: readonly (readonly string[])[]
  /** Where the repository is. */
  readonly data: string
  readonly end?: readonly string[]
}

/** The median of several replays: only commands are timed, not writing the files. */
function replay(
  what: string,
  folder: string,
  publications: readonly Publication[],
  runs: number,
  { begin, each, data, end }: Replayed,
): Row {
  const results = Array.from({ length: runs }, () => {
    const cwd = join(folder, 'replay')
    mkdirSync(cwd)
    let { seconds, cpuSeconds } = run(begin, { cwd })
    for (const { seconds: date, tables } of publications) {
      for (const [name, bytes] of tables) writeFileSync(join(cwd, `${name}.csv`), bytes)
      const env = Object.fromEntries(
        ['VARVE', 'GIT'].flatMap((program) =>
          ['AUTHOR', 'COMMITTER'].map((role) => [`${program}_${role}_DATE`, `@${date} +0000`]),
        ),
      )
      for (const command of each) {
        const cost = run(command, { cwd, env })
        seconds += cost.seconds
        cpuSeconds += cost.cpuSeconds
      }
    }
    if (end !== undefined) run(end, { cwd })
    const storedBytes = sizeOf(join(cwd, data))
    rmSync(cwd, { recursive: true })
    return { what, seconds, cpuSeconds, storedBytes }
  })
  return results.sort((a, b) => a.seconds - b.seconds)[results.length >> 1]!
}

function gitRows(folder: string, publications: readonly Publication[], runs: number): Row[] {
  const git = (...args: string[]) => ['git', '-c', 'gc.auto=0', ...args]
  const usual = {
    begin: git('init', '-q', '.'),
    each: [git('add', '*.csv'), git('commit', '-q', '-m', 'publication')],
    data: '.git',
  }
  const packed = replay('', folder, publications, 1, {
    ...usual,
    end: git('gc', '-q', '--aggressive'),
  })
  // Each command is shorter than what the CPU time is measured in.
  const { cpuSeconds: _, ...row } = replay('git: add, commit', folder, publications, runs, usual)
  return [row, { what: 'git, after gc --aggressive', storedBytes: packed.storedBytes! }]
}

/** What a compressor makes of every file by itself. */
function compressed(folder: string, files: readonly Uint8Array[], command: string[]): Row {
  const cwd = join(folder, 'files')
  mkdirSync(cwd)
  const names = files.map((bytes, i) => {
    const name = `${String(i).padStart(5, '0')}.csv`
    writeFileSync(join(cwd, name), bytes)
    return name
  })
  const { seconds, cpuSeconds } = run([...command, '-q', '-c', ...names], {
    cwd,
    stdout: join(folder, 'packed'),
  })
  rmSync(cwd, { recursive: true })
  return {
    what: `${command.join(' ')} of each file`,
    seconds,
    cpuSeconds,
    storedBytes: sizeOf(join(folder, 'packed')),
  }
}
