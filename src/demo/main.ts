import { mkdtempSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { Config } from '../cli/config.ts'
import { setEngineFlags } from '../cli/engine-flags.ts'
import { startProgress } from '../cli/progress.ts'
import { repositoryParts } from '../cli/repository-source.ts'
import type { Id } from '../core/id.ts'
import { initRepository, initRepositoryFolder } from '../plumbing/init-repository.ts'
import { PUBLICATIONS, type Replayed, replay } from './replay.ts'

// The main job on real data: eight years of oil prices as they were published, into a new
// repository in a temporary folder, then the commands that one would type there.

const ARCHIVE = new URL('../examples/oil-prices/oil-prices-vintages.tar.zst', import.meta.url)
const PROGRAM = fileURLToPath(new URL('../bin/varve.js', import.meta.url))

/** The publication of 10 November 2022 corrected prices of the month before. */
const RESTATED = Date.UTC(2022, 10, 10) / 1000

const say = (text = ''): void => void process.stdout.write(`${text}\n`)

setEngineFlags()
const folder = join(mkdtempSync(join(tmpdir(), 'varve-demo-')), 'prices')
say(`Replaying ${PUBLICATIONS} publications of oil prices, 2018 to 2026, into`)
say(`  ${folder}`)
say()
const began = Date.now()
const replayed = await fill(folder)
const seconds = (Date.now() - began) / 1000
say(`${replayed.commits.length} commits in ${seconds.toFixed(1)} s.`)

const at = replayed.commits.findIndex((commit) => commit.seconds >= RESTATED)
await show('The last five publications, and what each changed:', [
  ...['log', '--oneline', '--stat', '-n', '5'],
])
await show('A week of prices, as they are known now:', [
  ...['read', 'brent-daily', '--from', '2022-10-31', '--to', '2022-11-04'],
])
await show('The same week as it was known on 3 November 2022:', [
  ...['read', 'brent-daily', '--from', '2022-10-31', '--to', '2022-11-04'],
  ...['--as-of', '2022-11-03'],
])
await show('What the publication of 10 November 2022 did to rows already printed:', [
  ...['diff', '--stat', short(replayed.commits[at - 1]!.id), short(replayed.commits[at]!.id)],
])

const stored = sizeOf(join(folder, '.varve'))
say('What went in, and what it takes:')
say(`  CSV       ${megabytes(replayed.bytes)} in ${replayed.publications} publications`)
say(`  varve     ${megabytes(stored)} with all history`)
say(`            1 : ${Math.round(replayed.bytes / stored)}`)
say()
say('The repository stays there. Next you might try, with varve for')
say(`  node ${relative(process.cwd(), PROGRAM)}`)
say()
say(`  cd ${folder}`)
say('  varve ls -l')
say('  varve show main~3')
say('  varve log --stat -- brent-monthly')
say('  varve diff main~10 main -- wti-daily')
say('  varve checkout main~20        # CSV files as they were then')

async function fill(root: string): Promise<Replayed> {
  const data = join(root, '.varve')
  await initRepositoryFolder(data)
  const { repo } = await initRepository({
    ...(await repositoryParts({ folder: data, workTree: root }, new Config([]))),
    who: { name: 'varve', email: 'demo@example.org', seconds: 0, offsetMinutes: 0 },
  })
  const { stderr } = process
  const progress = startProgress(
    { label: 'replaying', unit: 'commits', total: PUBLICATIONS },
    stderr.isTTY
      ? {
          write: (text) => void stderr.write(text),
          columns: () => stderr.columns ?? 80,
          now: () => Date.now(),
        }
      : undefined,
  )
  try {
    return await replay(repo, ARCHIVE, () => progress.add(1))
  } finally {
    progress.done()
    await repo.storage.close()
  }
}

/** Runs a command as a user would, with its output on the screen. */
async function show(title: string, args: readonly string[]): Promise<void> {
  say()
  say(title)
  say(`$ varve ${args.join(' ')}`)
  await execa(process.execPath, [PROGRAM, '--no-pager', ...args], { cwd: folder, stdio: 'inherit' })
  say()
}

function short(id: Id): string {
  return id.slice(0, 10)
}

function sizeOf(path: string): number {
  const found = statSync(path)
  if (!found.isDirectory()) return found.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2).padStart(6)} MB`
}
