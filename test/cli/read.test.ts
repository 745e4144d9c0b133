import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { hasTool } from '../support/optional-tool.ts'
import { isolated, PROGRAM, type Ran, varve } from '../support/program.ts'
import { mountSmall } from '../support/small-disk.ts'
import { temporaryFolder } from '../support/temporary.ts'

const WEATHER = [
  'time,temp,rain,note',
  '2026-01-01T00:00:00Z,31.5,0,dry',
  '2026-01-02T00:00:00Z,,4,a\u001b[31m😀',
  '2026-01-03T00:00:00Z,-2,0,""',
  '',
].join('\n')
const ROWS = 400_000

let folder: string
const run = (...args: string[]): Promise<Ran> => varve(args, { cwd: folder })
const out = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await run('read', ...args)
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  return stdout
}
const path = (name: string) => join(folder, name)
const text = (name: string) => fs.readFileSync(path(name), 'utf8')

beforeAll(async () => {
  folder = temporaryFolder()
  await varve(['init', folder])
  const write = async (name: string, input: string) => {
    const ran = await varve(['write', name, '--create'], { cwd: folder, input })
    expect(ran.stderr).toBe('')
  }
  await write('sensors/a', WEATHER)
  await write('sensors/b', 'time,temp\n2026-01-02T00:00:00Z,1\n')
  const lines = Array.from({ length: ROWS }, (_, i) => `${i},${(i * 7919) % 1000}\n`)
  await write('big', `k,v\n${lines.join('')}`)
})

describe('read, which rows and columns', () => {
  it('of several series and of collections', async () => {
    const both =
      'series,time,temp\nsensors/a,2026-01-02T00:00:00Z,\nsensors/b,2026-01-02T00:00:00Z,1\n'
    expect(await out('sensors/', '--select', 'temp', '--at', '2026-01-02')).toBe(both)
    expect(await out('sensors/b', 'sensors/a', '--select', 'temp', '--at', '2026-01-02')).toBe(both)
    const ran = await run('read', 'sensors')
    expect([ran.exitCode, ran.stderr]).toEqual([2, expect.stringContaining('varve read sensors/')])
  })

  it('columns in the order given, by the older names of the option too', async () => {
    const expected = 'time,note,temp\n2026-01-01T00:00:00Z,dry,31.5\n'
    for (const option of ['--select', '--columns', '-c']) {
      expect(await out('sensors/a', option, 'note,temp', '-n', '1')).toBe(expected)
    }
    expect(await out('sensors/a', '--select', 'note', '--select', '"temp"', '-n', '1')).toBe(
      expected,
    )
    expect((await run('read', 'sensors/a', '--select', 'tmp')).stderr).toContain('mean temp?')
    expect((await run('read', 'sensors/a', '--select', 'a,,b')).exitCode).toBe(2)
  })

  it('those of which a condition is true', async () => {
    const where = "temp > 30 and rain = 0 or note is null or note = ''"
    expect(await out('sensors/a', '--where', where, '--select', 'rain')).toBe(
      'time,rain\n2026-01-01T00:00:00Z,0\n2026-01-03T00:00:00Z,0\n',
    )
    expect(await out('big', '--where', 'v = 500 and k > 100000', '--tail', '2', '--json')).toBe(
      '{"k":"398500","v":500}\n{"k":"399500","v":500}\n',
    )
    const ran = await run('read', 'big', '--where', 'v = ')
    expect([ran.exitCode, ran.stderr]).toEqual([
      2,
      'varve: --where, character 5: found the end, expected a value\n',
    ])
  })

  it('a window of them', async () => {
    expect(await out('big', '--offset', '399998')).toBe(
      `k,v\n399998,${(399_998 * 7919) % 1000}\n399999,${(399_999 * 7919) % 1000}\n`,
    )
    expect(await out('big', '--offset', '100000', '--limit', '1', '--no-header')).toBe('100000,0\n')
    expect(await out('big', '--tail', '3', '--limit', '1', '--select', 'k')).toBe('k\n399997\n')
    for (const bad of [
      ['--offset', '1', '--tail', '1'],
      ['--limit', '-1'],
      ['--tail', '1.5'],
    ]) {
      expect((await run('read', 'big', ...bad)).exitCode).toBe(2)
    }
  })
})

describe('read, as what and where to', () => {
  it('a table for people', async () => {
    const table = [
      'time                  temp  rain  note',
      '2026-01-01T00:00:00Z  31.5     0  dry',
      '2026-01-02T00:00:00Z     ·     4  a\\x1b[31m😀',
      '2026-01-03T00:00:00Z    -2     0',
      '',
    ].join('\n')
    expect(await out('sensors/a', '--format', 'table')).toBe(table)
    expect(
      (await varve(['-c', 'read.format=table', 'read', 'sensors/a'], { cwd: folder })).stdout,
    ).toBe(table)
    expect(await out('sensors/a', '--format', 'table', '--where', 'temp > 99')).toBe(
      'time  temp  rain  note\nno rows\n',
    )
  })

  it('one JSON document, or an object a line', async () => {
    const rows = JSON.parse(await out('sensors/a', '--format', 'json'))
    expect(rows).toHaveLength(3)
    expect(rows[1]).toEqual({
      time: '2026-01-02T00:00:00Z',
      temp: null,
      rain: 4,
      note: 'a\u001b[31m😀',
    })
    expect(JSON.parse(await out('sensors/a', '--format', 'json', '-n', '0'))).toEqual([])
    const lines = (await out('sensors/a', '--json')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(rows)
    expect((await run('read', 'sensors/a', '--json', '--format', 'csv')).exitCode).toBe(2)
  })

  it("a file, but not a series' own without --force", async () => {
    fs.writeFileSync(path('own.csv'), 't,v\n1,1\n2,2\n')
    await varve(['add', 'own.csv'], { cwd: folder })
    const ran = await run('read', 'own', '-n', '1', '-o', 'own.csv')
    expect([ran.exitCode, ran.stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining('own.csv is the file of the series own'),
    ])
    expect(ran.exitCode).not.toBe(0)
    expect(text('own.csv')).toBe('t,v\n1,1\n2,2\n')
    await out('own', '-n', '1', '-o', 'own.csv', '--force')
    expect(text('own.csv')).toBe('t,v\n1,1\n')
    await varve(['rm', '--force', 'own', '--quiet'], { cwd: folder })
  })

  it('a file, by its ending', async () => {
    expect(await out('sensors/a', '-o', path('a.csv'))).toBe(`${path('a.csv')}: 3 rows\n`)
    expect(text('a.csv')).toBe(WEATHER)
    await out('sensors/a', '-o', path('a.tsv'), '-n', '1')
    expect(text('a.tsv')).toBe('time\ttemp\train\tnote\n2026-01-01T00:00:00Z\t31.5\t0\tdry\n')
    await out('sensors/a', '-o', path('a.csv.gz'))
    expect(gunzipSync(fs.readFileSync(path('a.csv.gz'))).toString()).toBe(WEATHER)
    await out('sensors/a', '-o', path('a.json'))
    expect(JSON.parse(text('a.json'))).toHaveLength(3)
    await out(
      'sensors/a',
      '-o',
      path('noending'),
      '--delimiter',
      ';',
      '--select',
      'rain',
      '-n',
      '1',
    )
    expect(text('noending')).toBe('time;rain\n2026-01-01T00:00:00Z;0\n')
    await out('sensors/a', '-o', path('some.dat'), '--format', 'table', '--no-header')
    expect(text('some.dat').split('\n')[0]).toBe('2026-01-01T00:00:00Z  31.5  0  dry')
    await out('sensors/a', '-o', path('a.parquet'))
    expect(text('a.parquet').slice(0, 4)).toBe('PAR1')
    expect(await out('sensors/a', '-o', '-')).toBe(WEATHER)
    expect((await run('-q', 'read', 'sensors/a', '-o', path('a.csv'))).stdout).toBe('')
    expect(JSON.parse(await out('sensors/a', '-o', path('a.csv'), '--json'))).toEqual({
      file: path('a.csv'),
      format: 'csv',
      rows: 3,
      bytes: Buffer.byteLength(WEATHER),
    })
  })

  it.each([
    [['-o', 'a.xlsx'], 'the ending .xlsx says no format'],
    [['-o', 'a.parquet.gz'], 'parquet is not packed once more'],
    [['--format', 'json', '--delimiter', ';'], '--delimiter is for CSV, and this is json'],
    [['--format', 'json', '--no-header'], '--no-header is for CSV and tables'],
    [['--format', 'xml'], '--format cannot be "xml"'],
  ])('%j is refused, and nothing is written', async (args, message) => {
    const ran = await run('read', 'sensors/a', ...args)
    expect([ran.exitCode, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toContain(message)
    expect(fs.existsSync(path('a.xlsx'))).toBe(false)
  })

  it('is quiet when nobody reads on', async () => {
    const command = `node "${PROGRAM}" read big | head -1; node "${PROGRAM}" read big --format json | head -1`
    const ran = await execa('sh', ['-c', command], { cwd: folder, env: isolated, extendEnv: false })
    expect([ran.stdout, ran.stderr]).toEqual(['k,v\n[', ''])
  })
})

describe('read -o', () => {
  it('leaves the file as it was when it is interrupted or killed', async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      fs.writeFileSync(path('kept.csv'), 'old')
      const before = fs.readdirSync(folder)
      const child = spawn('node', [PROGRAM, 'read', 'big', '-o', 'kept.csv'], { cwd: folder })
      const ended = new Promise((resolve) => child.on('close', resolve))
      // As soon as there is half a file.
      while (fs.readdirSync(folder).length === before.length && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      child.kill(signal)
      await ended
      const left = fs.readdirSync(folder).filter((name) => !before.includes(name))
      const isWhole = text('kept.csv').split('\n').length === ROWS + 2
      expect(text('kept.csv') === 'old' || isWhole).toBe(true)
      if (signal !== 'SIGKILL') expect(left).toEqual([])
      for (const name of left) fs.rmSync(path(name))
    }
  })

  const small = temporaryFolder()
  it.skipIf(!mountSmall(small))('leaves the file as it was when the disk is full', async () => {
    try {
      fs.writeFileSync(join(small, 'a.csv'), 'old')
      const ran = await run('read', 'big', '-o', join(small, 'a.csv'))
      expect(ran.exitCode).not.toBe(0)
      expect(ran.stderr).toContain('no space left')
      expect(fs.readdirSync(small)).toEqual(['a.csv'])
      expect(fs.readFileSync(join(small, 'a.csv'), 'utf8')).toBe('old')
    } finally {
      await execa('umount', [small])
    }
  })
})

describe.skipIf(!hasTool('script'))('read on a terminal', () => {
  async function onTerminal(command: string): Promise<string> {
    const line = `stty rows 10 cols 44; node "${PROGRAM}" --no-pager --no-color read ${command}`
    const ran = await execa('script', ['-qec', line, '/dev/null'], {
      cwd: folder,
      env: { ...isolated, TERM: 'xterm' },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    })
    return ran.stdout.replaceAll('\r', '')
  }

  it('a table has a screen of rows and the columns that fit, and says so', async () => {
    const shown = (await onTerminal('big --format table')).split('\n')
    expect(shown).toHaveLength(8)
    expect(shown.at(-1)).toContain('--all')
    expect((await onTerminal('big --format table -n 20')).split('\n')).toHaveLength(21)
    const wide = await onTerminal('sensors/ --format table')
    expect(wide).toContain('… more columns')
    expect(wide.split('\n')[0]).toBe('series     time                  temp  rain')
    expect(
      (await onTerminal('big --format table --where "k < 30" --all')).split('\n'),
    ).toHaveLength(31)
  })

  it('other formats are as they are in a pipe, but for binary ones', async () => {
    expect((await onTerminal('sensors/b')).split('\n')[0]).toBe('time,temp')
    const refused = await onTerminal('sensors/b --format parquet')
    expect(refused).toContain('parquet is not for a terminal')
    expect(refused).toContain('-o FILE')
  })
})
