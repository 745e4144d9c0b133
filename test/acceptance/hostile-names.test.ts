import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import { readCommit, writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { isSeriesName } from '../../src/core/names.ts'
import { buildTree, storeRoot } from '../../src/core/prolly.ts'
import {
  nameFormat,
  readTree,
  type TreeEntry,
  toProllyEntry,
  writeTree,
} from '../../src/core/tree-format.ts'
import { openRepository, type Repository } from '../../src/index.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import {
  hostileTexts,
  plantedNames,
  rawEscapes,
  unspeakableNames,
} from '../support/hostile-names.ts'
import { hasTool } from '../support/optional-tool.ts'
import { PROGRAM, type Ran, someone, varve } from '../support/program.ts'
import { build, schemaOf } from '../support/series.ts'
import { temporaryFolder } from '../support/temporary.ts'

const stranger = {
  name: 'Mallory \u202e\u200b',
  email: 'm\u2066@evil.example',
  seconds: 1_700_000_000,
  offsetMinutes: 0,
}

/** A folder that holds nothing but a repository, and a file that nobody may touch. */
interface Place {
  readonly top: string
  readonly work: string
}

async function newPlace(): Promise<Place> {
  const top = temporaryFolder()
  const work = join(top, 'work')
  await mkdir(work)
  writeFileSync(join(top, 'canary.csv'), 'untouched')
  await varve(['init', work])
  return { top, work }
}

/** Makes `tree` what a branch of the repository holds, past every check of names. */
async function plant(
  repo: Repository,
  branch: string,
  tree: (writer: Awaited<ReturnType<Repository['objects']['begin']>>) => Promise<Id>,
): Promise<Id> {
  const batch = await repo.objects.begin()
  const commit = await writeCommit(batch, {
    tree: await tree(batch),
    parents: [],
    author: stranger,
    committer: stranger,
    message: `${hostileTexts.filter((text) => !text.includes('\0')).join(' ')}\n\nmore \x1b[2J\n`,
  })
  const pack = await batch.publish()
  await openRefLog(repo.storage).append({
    updates: [{ name: `refs/heads/${branch}`, old: undefined, new: commit }],
    who: stranger,
    message: 'planted \x1b[2J\u202e',
    packs: [pack!],
  })
  return commit
}

/** All files below a folder, but those of the repository itself. */
function filesBelow(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
    const full = path === '' ? entry.name : `${path}/${entry.name}`
    if (full === 'work/.varve') return []
    return entry.isDirectory() ? filesBelow(folder, full) : [full]
  })
}

function expectSafe({ stdout, stderr, exitCode }: Ran, args: readonly string[]): void {
  const found = rawEscapes(stdout + stderr).map((sign) => JSON.stringify(sign))
  expect({ args, found, isBug: exitCode === 70 }).toEqual({ args, found: [], isBug: false })
}

const LOOKS: readonly (readonly string[])[] = [['--color=always'], ['--json']]

describe('300 hostile names that a stranger put into trees', () => {
  let place: Place
  beforeAll(async () => {
    place = await newPlace()
    await using repo = await openRepository(place.work)
    await plant(repo, 'main', async (batch) => {
      const columns = schemaOf('t:int64 v:string')
      const series = await build(
        batch,
        columns,
        hostileTexts.map((text, at) => [BigInt(at), text]),
      )
      const entry = (name: string): TreeEntry => ({ name, kind: 'series', id: series })
      const good = await writeTree(batch, [entry('inside')])
      const entries = [
        ...plantedNames.map(entry),
        entry('good'),
        { name: 'collection', kind: 'tree' as const, id: good },
        // What looks like a repository of its own.
        ...['packs', 'log', 'checkpoints'].map((name) => ({
          name,
          kind: 'tree' as const,
          id: good,
        })),
      ].map(toProllyEntry)
      entries.sort((a, b) => Buffer.compare(a.key, b.key))
      return storeRoot(batch, nameFormat, await buildTree(batch, nameFormat, entries))
    })
  })

  it('are 300', () => {
    expect(plantedNames.length).toBeGreaterThanOrEqual(300 - unspeakableNames.length)
    expect(plantedNames.filter((name) => !isSeriesName(name)).length).toBeGreaterThan(100)
  })

  const reading: readonly (readonly string[])[] = [
    ['log', '--stat'],
    ['log', '--oneline', '--decorate'],
    ['show'],
    ['ls'],
    ['ls', '-l'],
    ['ls-tree', '-r', 'HEAD'],
    ['ls-files'],
    ['status'],
    ['reflog'],
    ['branch', '-v'],
    ['for-each-ref'],
    ['show-ref'],
    ['rev-list', 'HEAD'],
    ['log', '-p', '--format=json'],
    ['ls', '-x\x1b[2J'],
    ['-C', '/nowhere\x1b[2J', 'log'],
    ['diff', '--stat'],
    ['fsck'],
    ['count-objects', '-v'],
    ['read', 'good', '--format', 'table'],
    ['read', 'goo\x1b[2J'],
    ['show', 'HEAD:go\u202eod'],
  ]

  it.each(reading.map((args) => [args.join(' '), args] as const))(
    'are escaped: %j',
    async (_, args) => {
      for (const look of LOOKS) {
        expectSafe(await varve([...look, ...args], { cwd: place.work, env: someone }), args)
      }
    },
  )

  it('are escaped in CSV and JSON too where they are shown on a terminal', async () => {
    if (!hasTool('script')) return
    for (const args of ['read good', 'read good --format=ndjson', 'log', 'ls', 'for-each-ref']) {
      const command = `node ${PROGRAM} --no-pager ${args}`
      const ran = await import('execa').then(({ execa }) =>
        execa('script', ['-qec', command, '/dev/null'], {
          cwd: place.work,
          reject: false,
          env: { ...someone, TERM: 'xterm' },
        }),
      )
      expect(ran.stdout.length).toBeGreaterThan(50)
      expect(rawEscapes(ran.stdout.replaceAll('\r\n', '\n'))).toEqual([])
    }
  })

  it('make no file outside of the work tree, nor one that a system takes for another thing', async () => {
    const writing: readonly (readonly string[])[] = [
      ['checkout', 'main'],
      ['checkout', '--files'],
      ['restore', '.'],
      ['reset', '--hard'],
      ['switch', '-c', 'other'],
      ['archive', '--output', join(place.top, 'work', 'out'), 'HEAD'],
      ['add', '.'],
      ['mv', 'good', '../up'],
      ['write', '../up', '--create'],
      ['rm', 'case'],
    ]
    for (const args of writing) {
      expectSafe(await varve(args, { cwd: place.work, env: someone, input: 't,v\n1,1\n' }), args)
    }
    const files = filesBelow(place.top)
    expect(files.filter((file) => !file.startsWith('work/'))).toEqual(['canary.csv'])
    expect(readFileSync(join(place.top, 'canary.csv'), 'utf8')).toBe('untouched')
    for (const file of files.filter((found) => found.startsWith('work/'))) {
      expect(isSeriesName(file.slice('work/'.length)), file).toBe(true)
    }
    expect(existsSync(join(place.work, 'x'))).toBe(false)
  })
})

describe('names that no tree can have', () => {
  it('are refused by whoever reads them, and nothing is written', async () => {
    const { top, work } = await newPlace()
    const commits: Id[] = []
    {
      await using repo = await openRepository(work)
      for (const [at, name] of unspeakableNames.entries()) {
        const commit = await plant(repo, `b${at}`, async (batch) => {
          const series = await build(batch, schemaOf('t:int64 v:int64'), [[1n, 1n]])
          const bytes = new ByteWriter().u8(0).varint(1).text(name).u8(2).id(series).u8(0)
          return batch.put('tree', bytes.finish())
        })
        commits.push(commit)
      }
      for (const commit of commits) {
        const { tree } = await readCommit(repo.objects, commit)
        const reading = readTree(repo.objects, tree)
        await expect(reading).rejects.toMatchObject({ code: 'corrupt-object' })
      }
    }
    for (const [at, name] of unspeakableNames.entries()) {
      const args = ['checkout', `b${at}`]
      const ran = await varve(args, { cwd: work, env: someone })
      expectSafe(ran, args)
      expect({ name, exitCode: ran.exitCode }).toEqual({ name, exitCode: 7 })
    }
    expect(filesBelow(top)).toEqual(['canary.csv'])
  })
})
