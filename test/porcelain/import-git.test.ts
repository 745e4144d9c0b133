import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import {
  listSeries,
  type OpenedRepository,
  openRepository,
  readSeriesRows,
  rowsOf,
} from '../../src/index.ts'
import { parseGitCommit } from '../../src/plumbing/git/git-commits.ts'
import type { GitSource } from '../../src/plumbing/git/run-git.ts'
import { trimHistory } from '../../src/plumbing/trim-history.ts'
import { gc } from '../../src/porcelain/gc.ts'
import type { ImportGitOptions, ImportProblem } from '../../src/porcelain/import-git/import-git.ts'
import { importOntoBranch } from '../../src/porcelain/import-git/import-onto-branch.ts'
import { purge } from '../../src/porcelain/purge.ts'
import { hasTool } from '../support/optional-tool.ts'
import { temporaryFolder } from '../support/temporary.ts'

const env = { PATH: process.env.PATH ?? '', HOME: temporaryFolder() }
const who = { name: 'Ada', email: 'ada@example.org', seconds: 1_800_000_000, offsetMinutes: 0 }

interface PlainCommit {
  readonly files?: Readonly<Record<string, string | Buffer | null>>
  readonly parents?: readonly number[]
  readonly seconds?: number
  readonly author?: string
  readonly message?: string
}

/** A git repository with these commits, each after the one before unless its parents are given. */
function gitRepository(commits: readonly PlainCommit[]): GitSource {
  const folder = temporaryFolder()
  const git = (args: string[], input?: Buffer) =>
    execFileSync('git', ['-C', folder, ...args], { env, ...(input && { input }) })
  git(['init', '--quiet', '--initial-branch=main'])
  git(['fast-import', '--quiet', '--date-format=raw-permissive'], fastImport(commits))
  return { folder, env }
}

function fastImport(commits: readonly PlainCommit[], from = 0): Buffer {
  const pieces: (string | Buffer)[] = []
  for (const [at, commit] of commits.entries()) {
    const { seconds = 1_500_000_000 + (from + at) * 1000, author = 'Bo <bo@example.org>' } = commit
    const message = commit.message ?? `commit ${from + at}`
    const parents = commit.parents ?? (at === 0 ? [] : [at - 1])
    pieces.push(
      `commit refs/heads/main\nmark :${at + 1}\nauthor ${author} ${seconds - 7200} +0200\n`,
    )
    pieces.push(
      `committer ${author} ${seconds} +0200\ndata ${Buffer.byteLength(message)}\n${message}\n`,
    )
    for (const [i, parent] of parents.entries()) {
      pieces.push(`${i === 0 ? 'from' : 'merge'} :${parent + 1}\n`)
    }
    for (const [path, content] of Object.entries(commit.files ?? {})) {
      if (content === null) pieces.push(`D ${path}\n`)
      else {
        const bytes = Buffer.from(content)
        pieces.push(`M 100644 inline ${path}\ndata ${bytes.length}\n`, bytes, '\n')
      }
    }
  }
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece)))
}

const newRepository = () => openRepository('memory:', { author: who })

async function imported(
  repo: OpenedRepository,
  source: GitSource,
  options: Partial<ImportGitOptions & { branch: string }> = {},
) {
  const problems: ImportProblem[] = []
  const onProblem = (problem: ImportProblem) => problems.push(problem)
  const result = await importOntoBranch(repo, source, { who, onProblem, ...options })
  return { ...result, reports: problems }
}

/** The commits along first parents, the oldest first. */
async function history(repo: OpenedRepository, tip: Id) {
  const commits = []
  for (let id: Id | undefined = tip; id !== undefined; ) {
    const commit = await readCommit(repo.objects, id)
    commits.unshift({ id, ...commit })
    id = commit.parents[0]
  }
  return commits
}

async function content(repo: OpenedRepository, name: string, rev: string) {
  const { schema, frames } = await readSeriesRows(repo, { name, rev })
  const rows: unknown[][] = []
  for await (const frame of frames()) rows.push(...rowsOf(frame))
  return {
    columns: schema.columns.map((column) => `${column.name}:${column.type}`).join(' '),
    index: schema.indexCount,
    rows,
  }
}

async function names(repo: OpenedRepository, rev: string) {
  const found: string[] = []
  for await (const { path } of listSeries(repo, { rev })) found.push(path)
  return found
}

const csv = (...lines: string[]) => `${lines.join('\n')}\n`

describe.runIf(hasTool('git'))('the history of a git repository', () => {
  it('is refused where a shallow clone lacks the beginning, unless that is imported already', async () => {
    const repo = await newRepository()
    const source = gitRepository(
      ['1', '2', '3'].map((value) => ({ files: { 'a.csv': csv('t,v', `1,${value}`) } })),
    )
    const shallow = { folder: temporaryFolder(), env }
    const git = (...args: string[]) => execFileSync('git', args, { env, stdio: 'pipe' })
    git('clone', '--quiet', '--depth', '1', `file://${source.folder}`, shallow.folder)

    await expect(imported(repo, shallow)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('is a shallow clone'),
      hint: expect.stringContaining('fetch --unshallow'),
    })
    expect((await repo.refs.state()).refs.size).toBe(0)

    const whole = await imported(repo, source)
    expect(await imported(repo, shallow)).toMatchObject({ read: 0, tip: whole.tip })
    expect(await history(repo, whole.tip)).toHaveLength(3)

    git('-C', shallow.folder, 'fetch', '--quiet', '--unshallow')
    expect(await imported(await newRepository(), shallow)).toMatchObject({ made: 3 })
  })

  it('becomes commits with authors, dates and messages; what changes no table is left out', async () => {
    const repo = await newRepository()
    const source = gitRepository([
      { files: { 'README.md': 'hello', 'data/a.csv': csv('t,v', '2020-01-01,1') } },
      { files: { 'README.md': 'hello again' } },
      {
        files: {
          'data/a.csv': csv('t,v', '2020-01-01,1', '2020-01-02,2'),
          'b.tsv': csv('t\tv', '1\t2'),
        },
        author: 'Žofie <zofie@example.org>',
        message: 'two at once\n\nand a body\n',
      },
      { files: { 'b.tsv': null }, seconds: 1_400_000_000 },
      { files: { 'data/a.csv': csv('t,v', '2020-01-01,1') }, seconds: 1_900_000_000 },
    ])

    const result = await imported(repo, source)

    expect(result).toMatchObject({
      read: 5,
      made: 4,
      tables: 3,
      problems: 0,
      branch: 'refs/heads/main',
    })
    const commits = await history(repo, result.tip)
    expect(commits.map(({ message }) => message)).toEqual([
      'commit 0\n',
      'two at once\n\nand a body\n',
      'commit 3\n',
      'commit 4\n',
    ])
    expect(commits[1]!.author).toEqual({
      name: 'Žofie',
      email: 'zofie@example.org',
      seconds: 1_500_002_000 - 7200,
      offsetMinutes: 120,
    })
    // Clamped where they run backwards, and where they lie ahead of now.
    expect(commits.map(({ committer }) => committer.seconds)).toEqual([
      1_500_000_000, 1_500_002_000, 1_500_002_000, 1_800_000_000,
    ])
    expect(commits[2]!.author.seconds).toBe(1_400_000_000 - 7200)
    expect(await names(repo, commits[1]!.id)).toEqual(['b', 'data/a'])
    expect(await names(repo, commits[2]!.id)).toEqual(['data/a'])
    expect((await content(repo, 'data/a', commits[2]!.id)).rows).toEqual([
      [18262, 1],
      [18263, 2],
    ])
    expect((await content(repo, 'data/a', result.tip)).rows).toHaveLength(1)
  })

  it('keeps its merges, or is one line along first parents', async () => {
    const commits = [
      { files: { 'a.csv': csv('t,v', '1,1') } },
      { files: { 'b.csv': csv('t,v', '1,1') } },
      { files: { 'a.csv': csv('t,v', '1,2') }, parents: [0] },
      { files: { 'a.csv': csv('t,v', '1,2') }, parents: [1, 2] },
    ]
    const source = gitRepository(commits)
    const repo = await newRepository()

    const { tip, made, tables } = await imported(repo, source)
    const line = await imported(repo, source, { firstParent: true, branch: 'line' })

    expect(made).toBe(4)
    expect(tables).toBe(3)
    const { parents } = await readCommit(repo.objects, tip)
    const sides = await Promise.all(parents.map((id) => readCommit(repo.objects, id)))
    expect(sides.map(({ message }) => message)).toEqual(['commit 1\n', 'commit 2\n'])
    expect((await history(repo, line.tip)).map((commit) => commit.parents.length)).toEqual([
      0, 1, 1,
    ])
  })

  it('leaves out a merge of what changed no table', async () => {
    const repo = await newRepository()
    const source = gitRepository([
      { files: { 'a.csv': csv('t,v', '1,1') } },
      { files: { 'a.csv': csv('t,v', '1,2') } },
      { files: { 'README.md': 'hello' }, parents: [0] },
      { parents: [1, 2] },
    ])

    const { tip, made } = await imported(repo, source)

    expect(made).toBe(2)
    expect((await history(repo, tip)).map(({ message }) => message)).toEqual([
      'commit 0\n',
      'commit 1\n',
    ])
  })

  it('goes on where it was, and brings only what is new', async () => {
    const first = [
      { files: { 'a.csv': csv('t,v', '1,1') } },
      { files: { 'a.csv': csv('t,v', '1,2') } },
      { files: { 'a.csv': csv('t,v', '1,3') } },
    ]
    const more = { files: { 'a.csv': csv('t,v', '1,4') } }
    const whole = await imported(await newRepository(), gitRepository([...first, more]))
    const repo = await newRepository()
    const abort = new AbortController()
    const stopped = imported(repo, gitRepository([...first, more]), {
      onCommit: () => abort.abort(),
      signal: abort.signal,
    })

    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' })
    expect((await repo.refs.state()).refs.has('refs/heads/main')).toBe(false)
    const rest = await imported(repo, gitRepository(first))
    const last = await imported(repo, gitRepository([...first, more]))
    const none = await imported(repo, gitRepository([...first, more]))

    expect([rest.read, last.read, none.read]).toEqual([2, 1, 0])
    expect([last.tip, none.tip]).toEqual([whole.tip, whole.tip])
  })

  it('follows headers, dates and kinds of values that change', async () => {
    const repo = await newRepository()
    const source = gitRepository([
      { files: { 'a.csv': csv('Date,Price', '2020-01-01,1', '2020-01-02,2') } },
      { files: { 'a.csv': csv('Date,Price,Volume', '13/01/2020,1,5', '14/01/2020,2,6') } },
      { files: { 'a.csv': csv('day,close', '2020-01-01,1.5') } },
      { files: { 'a.csv': csv('day,close', '1833,1.5', '1834,n/a') } },
    ])

    const { tip, reports } = await imported(repo, source)

    expect(reports).toEqual([])
    const commits = await history(repo, tip)
    const versions = await Promise.all(commits.map(({ id }) => content(repo, 'a', id)))
    expect(versions).toEqual([
      {
        columns: 'Date:date Price:float64',
        index: 1,
        rows: [
          [18262, 1],
          [18263, 2],
        ],
      },
      {
        columns: 'Date:date Price:float64 Volume:float64',
        index: 1,
        rows: [
          [18274, 1, 5],
          [18275, 2, 6],
        ],
      },
      { columns: 'day:date close:float64', index: 1, rows: [[18262, 1.5]] },
      {
        columns: 'day:int64 close:string',
        index: 1,
        rows: [
          [1833n, '1.5'],
          [1834n, 'n/a'],
        ],
      },
    ])
  })

  it('finds what tells rows apart', async () => {
    const repo = await newRepository()
    const source = gitRepository([
      {
        files: {
          'country.csv': csv(
            'country,date,v',
            'a,2020-01-01,1',
            'a,2020-01-02,1',
            'b,2020-01-01,1',
          ),
          'measured.csv': csv('t,v', '1,0.5', '1,0.7'),
          'same.csv': csv('t,v', '1,0.5', '1,0.5'),
          'gaps.csv': csv(',k,v', ',x,1', '1,y,1'),
        },
      },
    ])

    const { tip, reports } = await imported(repo, source)

    expect(reports).toEqual([])
    const found = async (name: string) => content(repo, name, tip)
    expect(await found('country')).toMatchObject({
      columns: 'date:date country:string v:float64',
      index: 2,
    })
    expect((await found('measured')).rows).toEqual(
      [
        [1, 0.5],
        [1, 0.7],
      ].map(([t, v]) => [BigInt(t!), v]),
    )
    expect((await found('same')).rows).toHaveLength(2)
    expect(await found('gaps')).toMatchObject({
      columns: 'k:string c1:float64 v:float64',
      index: 1,
    })
  })

  it('reports what cannot be read and keeps the series as it was, or stops', async () => {
    const repo = await newRepository()
    const source = gitRepository([
      {
        files: {
          'a.csv': csv('t,v', '1,1'),
          'x.csv': 'version https://git-lfs.github.com/spec/v1\n',
        },
      },
      { files: { 'a.csv': csv('t,v', '1,1', '2'), 'b.csv': csv('t,v', '1,1') } },
      { files: { 'b.csv': csv('t,v', '1,2') } },
      { files: { 'a.csv': csv('t,v', '1,1', '2,2'), 'a/b.csv': csv('t,v', '1,2') } },
    ])

    const { tip, reports } = await imported(repo, source)
    const strict = imported(await newRepository(), source, { strict: true })

    const commits = await history(repo, tip)
    expect(reports.map(({ file, line, instead }) => [file, line, instead])).toEqual([
      ['x.csv', 1, 'absent'],
      ['a.csv', 3, 'as before'],
      ['a/b.csv', undefined, 'absent'],
    ])
    expect(reports[1]!.reason).toBe('expected 2 cells, found 1')
    const rows = await Promise.all(
      commits.map(async ({ id }) => (await content(repo, 'a', id)).rows.length),
    )
    expect(rows).toEqual([1, 1, 1, 2])
    await expect(strict).rejects.toMatchObject({
      code: 'bad-input',
      data: { file: 'x.csv', line: 1 },
    })
  })

  it('is of one folder, in one collection', async () => {
    const repo = await newRepository()
    const source = gitRepository([
      { files: { 'x/data/a.csv': csv('t,v', '1,1'), 'x/data2/b.csv': csv('t,v', '1,1') } },
      { files: { 'x/data2/b.csv': csv('t,v', '1,2') } },
    ])

    const { tip, made } = await imported(repo, source, { path: 'x/data/', into: 'from/git' })

    expect(made).toBe(1)
    expect(await names(repo, tip)).toEqual(['from/git/a'])
    await expect(imported(repo, source, { path: 'y', branch: 'b' })).rejects.toMatchObject({
      code: 'file-not-found',
    })
  })

  it('does not move a branch with commits of its own', async () => {
    const repo = await newRepository()
    const source = gitRepository([{ files: { 'a.csv': csv('t,v', '1,1') } }])
    const other = gitRepository([{ files: { 'a.csv': csv('t,v', '1,7') } }])
    const { tip } = await imported(repo, source)

    await expect(imported(repo, other)).rejects.toMatchObject({
      code: 'refused',
      message: 'main has commits that are not of this import: it cannot just be moved on',
    })
    const beside = await imported(repo, other, { branch: 'other' })

    const { refs } = await repo.refs.state()
    expect(refs.get('refs/heads/main')).toBe(tip)
    expect(refs.get('refs/heads/other')).toBe(beside.tip)
  })

  it('does not move a branch that was imported with other options, and says so', async () => {
    const repo = await newRepository()
    const source = gitRepository([{ files: { 'a.csv': csv('t,v', '1,1') } }])
    await imported(repo, source)
    const otherwise = { reading: { nulls: ['n.v.'] } }

    await expect(imported(repo, source, otherwise)).rejects.toMatchObject({
      code: 'refused',
      message: 'main was imported with other options: it cannot just be moved on',
    })
    await imported(repo, source, { ...otherwise, branch: 'other' })
  })

  it('begins anew where the commits that it made were made again', async () => {
    const repo = await newRepository()
    const source = gitRepository([
      { files: { 'a.csv': csv('t,v', '1,1'), 'secret.csv': csv('t,v', '1,1') } },
      { files: { 'a.csv': csv('t,v', '1,2') } },
    ])
    const first = await imported(repo, source)
    const purged = await purge(repo, { series: 'secret', who, now: who.seconds * 1000 })

    const onto = imported(repo, source)
    await expect(onto).rejects.toMatchObject({ code: 'refused' })
    const anew = await imported(repo, source, { branch: 'anew' })

    expect(purged.rewritten.length).toBeGreaterThan(1)
    expect([anew.read, anew.tip]).toEqual([2, first.tip])
    expect(await names(repo, 'anew')).toEqual(['a', 'secret'])
    expect(await names(repo, 'main')).toEqual(['a'])
  })

  it('goes on where the history that it made was trimmed', async () => {
    const repo = await newRepository()
    const commits = [1, 2, 3].map((v) => ({ files: { 'a.csv': csv('t,v', `1,${v}`) } }))
    const source = gitRepository(commits)
    await imported(repo, source)
    await trimHistory(repo, { limit: { keep: 1 }, who, message: 'old' })
    await gc(repo, { who, now: who.seconds * 1000, prune: 'now', reflogExpire: 'now' })

    const more = { files: { 'a.csv': csv('t,v', '1,4') } }
    const next = await imported(repo, gitRepository([...commits, more]))

    expect(next.read).toBe(1)
    expect((await content(repo, 'a', 'main')).rows).toEqual([[1n, 4]])
  })

  it('reads names of people that are no names', () => {
    const header = (author: string) => Buffer.from(`tree 1\nauthor ${author}\n\nx\n`)
    const people = ['Bo <<bo@x>> 12 +0130', '<'.repeat(5_000_000), 'nobody'].map(
      (author) => parseGitCommit(header(author)).author,
    )

    const nobody = { email: '', seconds: 0, offsetMinutes: 0 }
    expect(people).toEqual([
      { name: 'Bo', email: 'bo@x', seconds: 12, offsetMinutes: 90 },
      { ...nobody, name: '' },
      { ...nobody, name: 'nobody' },
    ])
  })

  it('says of a folder that claims to be a file that it is none, and goes on', async () => {
    const source = gitRepository([{ files: { 'd/a.csv': csv('t,v', '1,1') } }])
    const git = (args: string[], input?: Buffer) =>
      execFileSync('git', ['-C', source.folder, ...args], { env, ...(input && { input }) })
        .toString()
        .trim()
    const entry = (name: string, oid: string) =>
      Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(oid, 'hex')])
    const [folder, file] = ['main:d', 'main:d/a.csv'].map((name) => git(['rev-parse', name]))
    const lying = Buffer.concat([entry('b.csv', folder!), entry('c.csv', file!)])
    const tree = git(['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], lying)
    const person = ['-c', 'user.name=x', '-c', 'user.email=x']
    const revision = git([...person, 'commit-tree', '-p', 'main', '-m', 'x', tree])
    const repo = await newRepository()

    const { reports } = await imported(repo, source, { revision })

    expect(reports).toMatchObject([{ file: 'b.csv', instead: 'absent' }])
    expect(reports[0]!.reason).toContain('is a tree, not a blob')
    expect(await names(repo, 'main')).toEqual(['c'])
  })

  it('of a hostile repository runs nothing', async () => {
    const source = gitRepository([
      { files: { 'a.csv': csv('t,v', '1,1'), '.gitattributes': '*.csv filter=evil diff=evil\n' } },
    ])
    const ran = join(temporaryFolder(), 'ran')
    const program = join(source.folder, 'evil.sh')
    writeFileSync(program, `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 })
    const config = [
      '[core]\n\trepositoryformatversion = 1\n\tfsmonitor = ./evil.sh\n\thooksPath = .\n\tpager = ./evil.sh',
      `[extensions]\n\tpartialClone = origin`,
      `[remote "origin"]\n\turl = ${source.folder}/other.git\n\tpromisor = true\n\tuploadpack = ${program}`,
      `[filter "evil"]\n\tsmudge = ${program}\n\tclean = ${program}\n[diff "evil"]\n\ttextconv = ${program}`,
    ]
    writeFileSync(join(source.folder, '.git', 'config'), `${config.join('\n')}\n`)
    execFileSync('git', ['init', '--quiet', '--bare', join(source.folder, 'other.git')], { env })
    const tree = execFileSync('git', ['-C', source.folder, 'mktree', '--missing'], {
      env,
      input: `100644 blob ${'1'.repeat(40)}\tgone.csv\n100644 blob ${'2'.repeat(40)}\t--upload-pack=x.csv\n`,
    })
    const commit = execFileSync(
      'git',
      [
        '-C',
        source.folder,
        '-c',
        'user.name=x',
        '-c',
        'user.email=x',
        'commit-tree',
        '-p',
        'main',
        '-m',
        'x',
        tree.toString().trim(),
      ],
      { env },
    )
    const repo = await newRepository()

    const { reports } = await imported(repo, source, { revision: commit.toString().trim() })
    const option = imported(repo, source, { revision: '--output=x' })

    expect(reports.map(({ file }) => file)).toEqual(['--upload-pack=x.csv', 'gone.csv'])
    expect(reports[1]!.reason).toContain('is missing')
    await expect(option).rejects.toMatchObject({ code: 'revision-not-found' })
    expect(existsSync(ran)).toBe(false)
  })
})
