import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Ran, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let folder: string
const run = (args: readonly string[], input?: string): Promise<Ran> =>
  varve([...args], { cwd: folder, env: someone, ...(input !== undefined && { input }) })
const out = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await run(args)
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  return stdout
}
const file = (name: string, ...lines: string[]): void =>
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)

beforeEach(async () => {
  folder = temporaryFolder()
  await varve(['init', folder])
})

/** Quarters of hours of the autumn night, and the same in UTC. */
const NIGHT = ['01:45', '02:00', '02:30', '02:00', '02:30', '03:00']
const meter = (): void => {
  const rows = NIGHT.map((clock, i) => `2026-10-25T${clock},${i}`)
  file('meter.csv', 'time,kwh', ...rows)
}

describe('a table with --tz', () => {
  it('gives a new series its zone, and is shown with offsets everywhere', async () => {
    meter()
    expect(await out('add', 'meter.csv', '--tz', 'europe/BRUSSELS')).toBe(
      [
        'meter: new, 6 rows, 2026-10-25T01:45:00+02:00 to 2026-10-25T03:00:00+01:00',
        '  time:timestamp_s kwh:float64, index time',
        '',
      ].join('\n'),
    )
    expect(await out('schema', 'meter')).toContain('zone = "Europe/Brussels"')
    await out('commit', '-m', 'one')
    expect(await out('read', 'meter', '--tail', '2')).toBe(
      'time,kwh\n2026-10-25T02:30:00+01:00,4\n2026-10-25T03:00:00+01:00,5\n',
    )
    expect(await out('ls', '-l')).toContain('2026-10-25T01:45:00+02:00  2026-10-25T03:00:00+01:00')
    expect(await out('log', '--stat')).toContain(
      '2026-10-25T01:45:00+02:00…2026-10-25T03:00:00+01:00',
    )
    expect(await out('show', 'meter')).toContain('Last:    2026-10-25T03:00:00+01:00')
    const json = await out('read', 'meter', '--limit', '1', '--json')
    expect(json).toBe('{"time":"2026-10-25T01:45:00+02:00","kwh":0}\n')
    expect(await out('status')).toContain('nothing to commit')
  })

  it('is the same series as from UTC', async () => {
    meter()
    const utc = ['23:45', '00:00', '00:30', '01:00', '01:30', '02:00']
    const rows = utc.map((clock, i) => `2026-10-2${i === 0 ? 4 : 5}T${clock}Z,${i}`)
    file('utc.csv', 'time,kwh', ...rows)
    await out('add', 'meter.csv', '--tz', 'Europe/Brussels')
    await out('add', 'utc.csv')
    const lines = (await out('ls', '--json')).trim().split('\n')
    const ids = lines.map((line) => JSON.parse(line).id)
    expect(ids[0]).toBe(ids[1])
  })

  it('is read in the zone of the series from then on, unless told otherwise', async () => {
    meter()
    await out('add', 'meter.csv', '--tz', 'Europe/Brussels')
    await run(['write', 'meter'], 'time,kwh\n2026-10-25T04:00,6\n')
    await run(['write', 'meter', '--tz', 'UTC'], 'time,kwh\n2026-10-25T04:00,7\n')
    expect(await out('read', 'meter', '--tail', '2')).toBe(
      'time,kwh\n2026-10-25T04:00:00+01:00,6\n2026-10-25T05:00:00+01:00,7\n',
    )
    expect(await out('schema', 'meter')).toContain('zone = "Europe/Brussels"')
  })

  it('says once that times without an offset are UTC where no zone is known', async () => {
    file('a.csv', 't,v', '2026-07-01T12:00,1', '2026-07-01T13:00,2')
    const first = await run(['add', 'a.csv'])
    expect(first.stderr).toBe('varve: no offset: read as UTC; --tz names the zone\n')
    file('days.csv', 't,v', '2026-07-01,1', '2026-07-02,2')
    expect((await run(['add', 'days.csv'])).stderr).toBe('')
  })

  it('is refused where a time is not there or cannot be told, with place and way out', async () => {
    file('gap.csv', 't,v', '2026-03-29T02:30,1')
    const gap = await run(['add', 'gap.csv', '--tz', 'Europe/Brussels'])
    expect(gap.stderr).toContain('gap.csv:2:1: expected a local time of Europe/Brussels')
    expect(gap.stderr).toContain('hint: for clocks that are never changed: --tz +01:00')
    file('once.csv', 't,v', '2026-10-25T02:30,1')
    const once = await run(['add', 'once.csv', '--tz', 'Europe/Brussels'])
    expect(once.stderr).toContain('once.csv:2:1: expected a time that is there once')
    expect(once.stderr).toContain('hint: --dst first')
    expect(await out('ls')).toBe('')
    await out('add', 'once.csv', '--tz', 'Europe/Brussels', '--dst', 'last')
    expect(await out('read', 'once')).toBe('t,v\n2026-10-25T02:30:00+01:00,1\n')
  })

  it('does not take a step back from one series to the next for a change of clocks', async () => {
    const [a, b] = [
      ['01:30', '02:00', '02:30'],
      ['02:00', '02:30', '03:00'],
    ]
    const rows = [
      ...a!.map((at) => `a,2024-10-27 ${at},1`),
      ...b!.map((at) => `b,2024-10-27 ${at},1`),
    ]
    const text = `meter,time,v\n${rows.join('\n')}\n`
    for (const how of [
      ['m', '--index', 'meter,time'],
      ['v', '--index', 'v,meter,time'],
      ['--split-by', 'meter', '--into', 'm/', '--index', 'time'],
    ]) {
      const ran = await run(['write', ...how, '--create', '--tz', 'Europe/Vienna'], text)
      expect(ran.stderr).toContain('the order of the rows does not tell which')
      expect(ran.exitCode).toBe(4)
    }
  })

  it('does not take the equal times of several series for two hours', async () => {
    const rows = ['02:00,a', '02:00,b', '03:00,a', '03:00,b'].map((row) => `2026-10-25T${row},1`)
    const text = `time,sensor,v\n${rows.join('\n')}\n`
    const split = ['--split-by', 'sensor', '--into', 's/', '--create', '--tz', 'Europe/Brussels']
    const ran = await run(['write', ...split], text)
    expect(ran.exitCode).not.toBe(0)
    expect(ran.stderr).toContain('the order of the rows does not tell which')
    const told = await run(['write', ...split, '--dst', 'first'], text)
    expect(told.exitCode).toBe(0)
    expect(await out('read', 's/', '--limit', '1')).toBe(
      'series,time,v\ns/a,2026-10-25T02:00:00+02:00,1\n',
    )
    const more = await run(
      ['write', '--split-by', 'sensor', '--into', 's/'],
      'time,sensor,v\n2026-10-25T04:00,b,2\n',
    )
    expect(more.stdout).toContain('s/b')
    expect(await out('read', 's/b', '--tail', '1')).toBe('time,v\n2026-10-25T04:00:00+01:00,2\n')
  })
})

describe('in a series with a zone', () => {
  beforeEach(async () => {
    meter()
    await out('add', 'meter.csv', '--tz', 'Europe/Brussels')
    await out('commit', '-m', 'one')
  })

  const clocks = async (...args: string[]): Promise<string[]> =>
    (await out('read', 'meter', '--no-header', ...args)).match(/T\d\d:\d\d:\d\d[^,]*/g) ?? []

  it('bounds are local: a day, an hour that is there twice, an instant', async () => {
    expect(await clocks('--at', '2026-10-25')).toHaveLength(6)
    expect(await clocks('--at', '2026-10-24')).toEqual([])
    expect(await clocks('--from', '2026-10-25T02', '--to', '2026-10-25T02')).toEqual([
      'T02:00:00+02:00',
      'T02:30:00+02:00',
      'T02:00:00+01:00',
      'T02:30:00+01:00',
    ])
    expect(await clocks('--from', '2026-10-25T03:00')).toEqual(['T03:00:00+01:00'])
    const twice = await run(['read', 'meter', '--at', '2026-10-25T02:30'])
    expect(twice.stderr).toContain('say which: 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00')
    expect(await clocks('--tz', 'UTC', '--at', '2026-10-24')).toEqual(['T23:45:00Z'])
  })

  it('rows are deleted, restored and compared by local bounds', async () => {
    await out('delete', 'meter', '--from', '2026-10-25T02:00+01:00', '--to', '2026-10-25T02')
    expect(await out('diff', '--stat')).toContain('+0 ~0 -2')
    expect(await out('diff')).toContain('deleted     2026-10-25T02:00:00+01:00')
    await out('restore', '--source', 'HEAD', 'meter', '--at', '2026-10-25T02')
    expect(await out('diff')).toBe('')
  })

  it('the file in the work tree is local, and read back the same', async () => {
    await run(['write', 'meter'], 'time,kwh\n2026-10-25T04:00,6\n')
    const text = readFileSync(join(folder, 'meter.csv'), 'utf8')
    expect(text.split('\n').at(-2)).toBe('2026-10-25T04:00:00+01:00,6')
    expect(await out('status')).not.toContain('Changes not staged')
    writeFileSync(join(folder, 'meter.csv'), `${text}2026-10-25T05:00,7\n`)
    expect(await out('diff', '--unstaged')).toContain('appended    2026-10-25T05:00:00+01:00')
  })
})

describe('a zone that is set', () => {
  it('is kept as it is spelled, and refused with the nearest name', async () => {
    await out('create', 'sensors/', 'time:timestamp_s', 'v:float64', '--zone', 'asia/kolkata')
    expect(await out('schema', 'sensors/')).toContain('zone = "Asia/Kolkata"')
    await out('schema', 'set', 'sensors/', 'zone=+0530')
    expect(await out('schema', 'sensors/')).toContain('zone = "+05:30"')
    const unknown = await run(['schema', 'set', 'sensors/', 'zone=Calcuta'])
    expect(unknown.stderr).toContain('there is no time zone "Calcuta"')
    const local = await run(['schema', 'set', 'sensors/', 'zone=local'])
    expect(local.stderr).toContain('the zone "local" is another one on another machine')
    await run(['write', 'sensors/a', '--create'], 'time,v\n2026-01-01T00:00,1\n')
    expect(await out('read', 'sensors/a')).toBe('time,v\n2026-01-01T00:00:00+05:30,1\n')
  })
})
