import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { decompress } from 'zstd-napi'
import { frameFromRows } from '../../src/core/frame.ts'
import {
  addFiles,
  bytesTable,
  commit,
  createTag,
  fileTable,
  framesTable,
  type InputTable,
  type OpenedRepository,
  openRepository,
  parseSchemaText,
  rowsTable,
  setSettings,
} from '../../src/index.ts'
import { type ArchiveOptions, archive } from '../../src/porcelain/archive.ts'
import { temporaryFolder } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

/** A repository of one commit at 2026-08-17T10:00Z. */
async function repositoryOf(tables: Record<string, InputTable>): Promise<OpenedRepository> {
  const now = () => new Date('2026-08-17T10:00:00Z')
  const repo = await openRepository('memory:', { author, now })
  const files = Object.entries(tables).map(([series, input]) => ({ series, input }))
  await addFiles(repo, files, { commit: repo.signed('prices\n') })
  return repo
}

const csv = (text: string) => bytesTable('a.csv', text)

const PRICES = {
  'a-b': csv('t,v\n1,1.5\n'),
  'a/b': csv('t,v\n2,2.5\n'),
  'a/é ü': csv('t,v\n3,"x, y"\n'),
}

async function bytesOf(repo: OpenedRepository, options: Partial<ArchiveOptions> = {}) {
  const { bytes } = await archive(repo, { rev: 'HEAD', ...options })
  const pieces: Uint8Array[] = []
  for await (const piece of bytes()) pieces.push(piece)
  return Buffer.concat(pieces)
}

interface Member {
  readonly name: string
  readonly text: string
  readonly header: object
}

async function membersOf(tar: Uint8Array): Promise<Member[]> {
  const reader = extract()
  reader.end(Buffer.from(tar))
  const members: Member[] = []
  for await (const entry of reader) {
    const pieces: Uint8Array[] = []
    for await (const piece of entry) pieces.push(piece as Uint8Array)
    const { name, mode, mtime, uid, gid, uname, gname } = entry.header
    const text = Buffer.concat(pieces).toString()
    members.push({ name, text, header: { mode, mtime, uid, gid, uname, gname } })
  }
  return members
}

const namesOf = (members: readonly Member[]) => members.map(({ name }) => name)

describe('archive', () => {
  it('holds a table a series, in the order of their names, after what it says of itself', async () => {
    const repo = await repositoryOf(PRICES)
    const members = await membersOf(await bytesOf(repo))
    expect(namesOf(members)).toEqual(['varve-archive.json', 'a-b.csv', 'a/b.csv', 'a/é ü.csv'])
    expect(members.slice(1).map(({ text }) => text)).toEqual([
      't,v\n1,1.5\n',
      't,v\n2,2.5\n',
      't,v\n3,"x, y"\n',
    ])
    for (const { header } of members) {
      const mtime = new Date('2026-08-17T10:00:00Z')
      expect(header).toEqual({ mode: 0o644, mtime, uid: 0, gid: 0, uname: '', gname: '' })
    }
  })

  it('says which commit it is, and what each series is made of', async () => {
    const repo = await repositoryOf({
      s: rowsTable('t:timestamp_ns v:float64', [['2026-08-17T10:00Z', 1]]),
    })
    const { contents } = await archive(repo, { rev: 'HEAD' })
    const [told] = await membersOf(await bytesOf(repo))
    expect(JSON.parse(told!.text)).toEqual(contents)
    const head = (await repo.refs.state()).refs.get('refs/heads/main')
    expect(contents).toMatchObject({
      varve: 1,
      commit: head,
      date: '2026-08-17T10:00:00Z',
      message: 'prices\n',
      format: 'csv',
      series: [
        {
          name: 's',
          file: 's.csv',
          rows: 1,
          columns: [
            { name: 't', type: 'timestamp_ns' },
            { name: 'v', type: 'float64' },
          ],
          index: ['t'],
          duplicates: false,
        },
      ],
    })
  })

  it('reads back as the same series', async () => {
    const repo = await repositoryOf(PRICES)
    const { contents } = await archive(repo, { rev: 'HEAD' })
    const members = await membersOf(await bytesOf(repo))
    const again = await repositoryOf(
      Object.fromEntries(members.slice(1).map(({ name, text }) => [name.slice(0, -4), csv(text)])),
    )
    const other = await archive(again, { rev: 'HEAD' })
    expect(other.contents.series).toEqual(contents.series)
  })

  it('has the same bytes each time, in every format', async () => {
    const [one, other] = [await repositoryOf(PRICES), await repositoryOf(PRICES)]
    const tar = await bytesOf(one)
    expect(await bytesOf(other)).toEqual(tar)
    expect(gunzipSync(await bytesOf(one, { format: 'tar.gz' }))).toEqual(tar)
    expect(decompress(await bytesOf(one, { format: 'tar.zst' }))).toEqual(tar)
  })

  it.each(['csv', 'ndjson', 'parquet', 'arrow'])(
    'has tables as %s that are the same series',
    async (as) => {
      const rows = [
        ['2026-08-17T10:00:00.5Z', 1.5, 'x'],
        ['2026-10-25T00:30:00Z', null, ''],
      ]
      const repo = await repositoryOf({
        'w/s': rowsTable('t:timestamp_ms v:float64 name:string', rows),
      })
      const zone = new Map([['zone', 'Europe/Brussels']])
      await setSettings(repo, { name: 'w/', values: zone, commit: repo.signed() })
      const folder = temporaryFolder()
      execFileSync('tar', ['-x', '-C', folder], { input: await bytesOf(repo, { as }) })
      const { contents } = await archive(repo, { rev: 'HEAD', as })
      const [{ file, id }] = contents.series as [(typeof contents.series)[0]]
      const again = await openRepository('memory:', { author })
      const types = new Map([['t', 'timestamp_ms' as const]])
      const { series } = await addFiles(
        again,
        [{ series: 's', input: fileTable(join(folder, file)) }],
        { types, commit: again.signed() },
      )
      expect(series[0]!.id).toBe(id)
    },
  )

  it('is opened by tar, with names that are long and in other scripts', async () => {
    const long = `${'x'.repeat(90)}/${'ж'.repeat(90)}`
    const repo = await repositoryOf({ [long]: csv('t\n1\n') })
    const folder = temporaryFolder()
    const input = await bytesOf(repo, { prefix: 'p-1.0/' })
    execFileSync('tar', ['-x', '-C', folder], { input })
    expect(readFileSync(join(folder, 'p-1.0', `${long}.csv`), 'utf8')).toBe('t\n1\n')
    const told = JSON.parse(readFileSync(join(folder, 'p-1.0/varve-archive.json'), 'utf8'))
    expect(told.series[0].file).toBe(`${long}.csv`)
  })

  it('holds only the series that are named, of any revision', async () => {
    const repo = await repositoryOf(PRICES)
    await createTag(repo, { name: 'v1', message: 'one', who: repo.who() })
    await addFiles(repo, [{ series: 'new', input: csv('t\n1\n') }], { commit: repo.signed() })
    const named = await membersOf(await bytesOf(repo, { series: ['a/'] }))
    expect(namesOf(named)).toEqual(['varve-archive.json', 'a/b.csv', 'a/é ü.csv'])
    const tagged = await membersOf(await bytesOf(repo, { rev: 'v1', series: ['a-b', 'a-b'] }))
    expect(namesOf(tagged)).toEqual(['varve-archive.json', 'a-b.csv'])
    await expect(archive(repo, { rev: 'v1', series: ['new'] })).rejects.toMatchObject({
      code: 'series-not-found',
    })
    await expect(archive(repo, { rev: 'v2' })).rejects.toMatchObject({ code: 'revision-not-found' })
  })

  it('of a collection has names from there, and the settings of all above', async () => {
    const repo = await repositoryOf({ 'w/hourly/vienna': csv('t\n1\n') })
    const zone = new Map([['zone', 'Europe/Vienna']])
    await setSettings(repo, { name: 'w/', values: zone, commit: repo.signed() })
    const { contents } = await archive(repo, { rev: 'HEAD:w/hourly' })
    expect(contents.series).toMatchObject([
      { name: 'vienna', file: 'vienna.csv', zone: 'Europe/Vienna' },
    ])
    expect(contents.commit).toBeDefined()
    await expect(archive(repo, { rev: 'HEAD:w/hourly/vienna' })).rejects.toMatchObject({
      code: 'usage',
      hint: 'varve archive HEAD w/hourly/vienna',
    })
  })

  it('of a tree has no commit, and dates of 1970', async () => {
    const repo = await repositoryOf(PRICES)
    const rev = (await archive(repo, { rev: 'HEAD' })).contents.tree
    const members = await membersOf(await bytesOf(repo, { rev }))
    expect(JSON.parse(members[0]!.text)).not.toHaveProperty('commit')
    expect(members[1]!.header).toMatchObject({ mtime: new Date(0) })
  })

  it('refuses series that cannot be files beside each other', async () => {
    const repo = await repositoryOf({ a: csv('t\n1\n'), 'a.csv/b': csv('t\n1\n') })
    await expect(archive(repo, { rev: 'HEAD' })).rejects.toMatchObject({
      code: 'refused',
      data: { series: ['a', 'a.csv/b'] },
    })
    expect((await archive(repo, { rev: 'HEAD', series: ['a'] })).contents.series).toHaveLength(1)
  })

  it.each(['/x/', '../x/', 'a/../../b', 'a\\..\\b', 'a\nb'])(
    'refuses the prefix %j',
    async (prefix) => {
      const repo = await repositoryOf(PRICES)
      await expect(archive(repo, { rev: 'HEAD', prefix })).rejects.toMatchObject({ code: 'usage' })
    },
  )

  it('sets tables aside that are large, and holds them whole', async () => {
    const schema = parseSchemaText('t:int64 v:string')
    const text = 'x'.repeat(1000)
    const frames = function* () {
      for (let from = 0n; from < 20_000n; from += 1000n) {
        yield frameFromRows(
          schema,
          Array.from({ length: 1000 }, (_, i) => [from + BigInt(i), text]),
        )
      }
    }
    const repo = await repositoryOf({ big: framesTable(schema, frames), z: csv('t\n1\n') })
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const [, big, z] = await membersOf(await bytesOf(repo))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
    expect(big!.text.length).toBe(20_128_894)
    expect(big!.text.endsWith(`19999,${text}\n`)).toBe(true)
    expect(z!.text).toBe('t\n1\n')
  }, 60_000)

  it('ends where its reader does, or when it is interrupted', async () => {
    const repo = await repositoryOf({
      a: csv(`t\n${Array.from({ length: 1e5 }, (_, i) => i).join('\n')}\n`),
    })
    for (const format of ['tar', 'tar.gz', 'tar.zst'] as const) {
      const left = (await archive(repo, { rev: 'HEAD', format })).bytes()
      expect((await left.next()).done).toBe(false)
      await left.return()
      await expect(bytesOf(repo, { format, signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'interrupted',
      })
    }
  })

  it('is what is committed, not what is staged or in files', async () => {
    const folder = join(temporaryFolder(), 'p')
    mkdirSync(folder)
    const repo = await openRepository(folder, { create: true, author })
    writeFileSync(join(folder, 'a.csv'), 't\n1\n')
    await addFiles(repo, [{ series: 'a', input: csv('t\n1\n'), file: 'a.csv' }])
    await commit(repo, repo.signed('one'))
    await addFiles(repo, [{ series: 'b', input: csv('t\n1\n') }])
    expect(namesOf(await membersOf(await bytesOf(repo)))).toEqual(['varve-archive.json', 'a.csv'])
  })
})
