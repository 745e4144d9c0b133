import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Ran, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const PRICES = 'Date,Price\n2026-08-14,65.1\n2026-08-17,65.98\n2026-08-18,66.2\n'

let folder: string
const run = (...args: string[]): Promise<Ran> => varve(args, { cwd: folder, env: someone })
const out = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await run(...args)
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  return stdout
}
const json = async (...args: string[]) => JSON.parse(await out(...args, '--json'))

beforeEach(async () => {
  folder = temporaryFolder()
  await varve(['init', folder])
})

async function addPrices(): Promise<void> {
  writeFileSync(join(folder, 'prices.csv'), PRICES)
  await out('add', 'prices.csv')
}

describe('init', () => {
  it('makes a repository in a folder that is not there, and leaves one that is alone', async () => {
    const nested = join(folder, 'a', 'b')
    expect((await varve(['init', nested])).stdout).toContain(`repository in ${nested}/.varve`)
    await varve(['init', nested, '-b', 'other'])
    const ran = await varve(['symbolic-ref', 'HEAD'], { cwd: nested })
    expect(ran.stdout).toBe('refs/heads/main\n')
  })

  it('makes a bare repository, where every change is a commit', async () => {
    const bare = join(folder, 'other.varve')
    await varve(['init', '--bare', bare])
    await out('-R', bare, 'create', 's', 'key:string', 'value:float64')
    const [series] = (await out('-R', bare, 'ls')).split('\n')
    expect(series).toBe('s')
  })

  it('takes the first branch from the option', async () => {
    const other = join(folder, 'other')
    await varve(['init', '-b', 'trunk', other])
    const ran = await varve(['symbolic-ref', 'HEAD'], { cwd: other })
    expect(ran.stdout).toBe('refs/heads/trunk\n')
  })
})

describe('create', () => {
  it('takes several columns in one word as --schema does', async () => {
    expect(await out('create', 'a', 't:date v:float64')).toContain('a: new, t:date v:float64')
    expect(await out('create', 'b', 't:date,v:float64')).toContain('b: new, t:date v:float64')
    const quoted = await out('create', 'c', 't:date', '"x:date y":float64', 'last price:int8')
    expect(quoted).toContain('t:date "x:date y":float64 "last price":int8')
  })

  it('makes an empty series of the columns given, the index first', async () => {
    await out('create', 'ticks', 'price:float64', 'time:timestamp_ns', '--index', 'time')
    expect(await json('schema', 'ticks')).toMatchObject({
      columns: [
        { name: 'time', type: 'timestamp_ns' },
        { name: 'price', type: 'float64' },
      ],
      index: ['time'],
      rows: 0,
    })
    expect(await out('read', 'ticks')).toBe('time,price\n')
  })

  it('gives a collection the schema that series made in it have', async () => {
    await out('create', 'weather/hourly/', 'time:timestamp_s', 'temp:float64', 'rain:float32')
    const ran = await varve(['write', 'weather/hourly/brussels', '--create'], {
      cwd: folder,
      input: 'time,temp,rain\n2026-01-01T00:00:00Z,3,0\n',
    })
    expect(ran.exitCode).toBe(0)
    expect((await json('schema', 'weather/hourly/brussels')).columns).toEqual([
      { name: 'time', type: 'timestamp_s' },
      { name: 'temp', type: 'float64' },
      { name: 'rain', type: 'float32' },
    ])
  })

  it('takes the columns of a new series from its collection', async () => {
    await out('create', 'hourly/', 'time:timestamp_s', 'temp:float64')
    expect(await out('create', 'hourly/brussels')).toBe(
      'hourly/brussels: new, time:timestamp_s temp:float64\n',
    )
    expect(await out('read', 'hourly/brussels')).toBe('time,temp\n')
    const [, ...said] = (await out('commit', '-m', 'one')).split('\n')
    expect(said).toEqual([
      ' 1 series changed, +0 ~0 -0',
      ' settings of hourly/',
      ' new series hourly/brussels',
      '',
    ])
    expect((await run('create', 'elsewhere')).stderr).toContain('elsewhere needs columns')
  })

  it('refuses a name that is taken, and columns that are none', async () => {
    await out('create', 's', 'k:string')
    expect(await run('create', 's', 'k:string')).toMatchObject({ exitCode: 6 })
    expect((await run('create', 't', 'k:strin')).stderr).toContain(
      'there is no column type "strin"',
    )
    expect((await run('create', 't', 'k:json')).exitCode).toBe(4)
    expect((await run('create', 't')).exitCode).toBe(2)
    expect((await run('create', 'CON', 'k:string')).stderr).toContain('CON')
    expect(await out('ls')).toBe('s\n')
  })

  it('takes a column called __proto__', async () => {
    await out('create', 's', 'k:string', '__proto__:int64')
    expect((await json('schema', 's')).columns[1]).toEqual({ name: '__proto__', type: 'int64' })
  })
})

describe('schema', () => {
  beforeEach(addPrices)

  it('adds, renames, widens and drops a column, and the file follows', async () => {
    const file = () => readFileSync(join(folder, 'prices.csv'), 'utf8').split('\n').slice(0, 2)
    await out('schema', 'add-column', 'prices', 'volume:int32', '--default', '7')
    expect(file()).toEqual(['Date,Price,volume', '2026-08-14,65.1,7'])
    await out('schema', 'rename', 'prices', 'volume', 'lots')
    await out('schema', 'widen', 'prices', 'lots', 'int64')
    expect((await json('schema', 'prices')).columns[2]).toEqual({ name: 'lots', type: 'int64' })
    await out('schema', 'drop', 'prices', 'lots')
    expect(file()).toEqual(['Date,Price', '2026-08-14,65.1'])
    expect((await json('ls', '-l')).id).toBe((await json('add', 'prices.csv')).series[0].id)
  })

  it('names the nearest column for one that is not there', async () => {
    const ran = await run('schema', 'drop', 'prices', 'Prise')
    expect(ran).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('did you mean Price?'),
    })
  })

  it('refuses to drop the index, to narrow, and a default that is no value', async () => {
    expect((await run('schema', 'drop', 'prices', 'Date')).exitCode).toBe(4)
    expect((await run('schema', 'widen', 'prices', 'Price', 'int8')).exitCode).toBe(4)
    expect(
      (await run('schema', 'add-column', 'prices', 'a:int8', '--default', '300')).exitCode,
    ).toBe(4)
  })

  it('says what was set, and does not take for a setting what is fixed', async () => {
    expect(await out('schema', 'set', 'prices', 'zone=Europe/Brussels', 'unit=dollar')).toBe(
      'prices: zone = "Europe/Brussels", unit = "dollar"\n',
    )
    const ran = await run('schema', 'set', 'prices', 'duplicates=true')
    expect(ran.exitCode).toBe(2)
    expect(ran.stderr).toContain('duplicates is not a setting')
  })

  it('keeps settings beside the series, and leaves its id as it is', async () => {
    const before = (await json('ls', '-l')).id
    await out('schema', 'set', 'prices', 'zone=Europe/Brussels', 'note=from EIA')
    expect((await json('schema', 'prices')).settings).toEqual({
      note: 'from EIA',
      zone: 'Europe/Brussels',
    })
    await out('schema', 'set', 'prices', 'note=')
    expect((await json('schema', 'prices')).settings).toEqual({ zone: 'Europe/Brussels' })
    expect((await json('ls', '-l')).id).toBe(before)
    expect((await run('schema', 'set', 'prices', 'zone=Europe/Brusels')).exitCode).toBe(2)
  })
})

describe('rm and mv', () => {
  beforeEach(addPrices)

  it('keeps what was never committed, unless told where it is to stay or that it may go', async () => {
    const refused = await run('rm', 'prices')
    expect([refused.exitCode, refused.stderr]).toEqual([
      6,
      `varve: staged and not committed: prices
hint: varve commit keeps what is staged; --cached leaves the file, --force removes both
`,
    ])
    await out('rm', '--cached', 'prices')
    expect(readFileSync(join(folder, 'prices.csv'), 'utf8')).toBe(PRICES)
    await out('add', 'prices.csv')
    await out('rm', '-f', 'prices')
    expect(existsSync(join(folder, 'prices.csv'))).toBe(false)
  })

  it('removes the series and its file, and says what it would do first', async () => {
    await out('commit', '-m', 'prices')
    expect(await out('rm', '--dry-run', 'prices')).toBe('rm prices\n')
    expect(existsSync(join(folder, 'prices.csv'))).toBe(true)
    await out('rm', 'prices')
    expect(existsSync(join(folder, 'prices.csv'))).toBe(false)
    expect(await out('ls')).toBe('')
  })

  it('refuses to remove a file that was changed by hand', async () => {
    writeFileSync(join(folder, 'prices.csv'), `${PRICES}2026-08-19,1\n`)
    expect((await run('rm', 'prices')).exitCode).toBe(6)
    expect(await out('ls')).toBe('prices\n')
  })

  it('removes a collection only when told to', async () => {
    await out('mv', 'prices', 'oil/')
    expect((await run('rm', 'oil/')).exitCode).toBe(6)
    await out('commit', '-m', 'moved')
    await out('rm', '-r', 'oil/')
    expect(existsSync(join(folder, 'oil'))).toBe(false)
  })

  it('moves the file along, and nothing of the series changes', async () => {
    const before = (await json('ls', '-l')).id
    await out('mv', 'prices', 'oil/brent')
    expect(existsSync(join(folder, 'prices.csv'))).toBe(false)
    expect(readFileSync(join(folder, 'oil/brent.csv'), 'utf8')).toBe(PRICES)
    expect((await json('ls', '-l')).id).toBe(before)
    await out('mv', 'oil/', 'petrol/')
    expect(readFileSync(join(folder, 'petrol/brent.csv'), 'utf8')).toBe(PRICES)
    expect(await out('ls')).toBe('petrol/brent\n')
  })

  it('know a series by the name of its file', async () => {
    const ran = await run('delete', 'prices.csv', '--at', '2026-08-14')
    expect(ran).toMatchObject({ exitCode: 3 })
    expect(ran.stderr).toContain('hint: did you mean prices?')
  })

  it('moves nothing where a file of somebody else stands at the new name', async () => {
    writeFileSync(join(folder, 'oil.csv'), 'mine\n')
    const before = await out('status', '--short')
    for (const dry of [[], ['--dry-run']]) {
      const ran = await run('mv', 'prices', 'oil', ...dry)
      expect(ran).toMatchObject({ exitCode: 6, stdout: '' })
      expect(ran.stderr).toContain('oil.csv')
      expect(ran.stderr).not.toContain('--force')
    }
    expect(await out('status', '--short')).toBe(before)
    expect(readFileSync(join(folder, 'prices.csv'), 'utf8')).toBe(PRICES)
    expect(readFileSync(join(folder, 'oil.csv'), 'utf8')).toBe('mine\n')
  })

  it('refuses a name that is taken, or inside itself', async () => {
    await out('create', 'other', 'k:string')
    expect((await run('mv', 'prices', 'other')).exitCode).toBe(6)
    expect((await run('mv', 'prices', 'prices/x')).exitCode).toBe(6)
    expect((await run('mv', 'nothing', 'x')).exitCode).toBe(3)
  })
})

describe('read and ls', () => {
  beforeEach(addPrices)

  it('reads ranges, columns, tails and rows as JSON', async () => {
    expect(await out('read', 'prices', '--from', '2026-08-17')).toBe(
      'Date,Price\n2026-08-17,65.98\n2026-08-18,66.2\n',
    )
    expect(await out('read', 'prices', '--to', '2026-08-14', '--no-header')).toBe(
      '2026-08-14,65.1\n',
    )
    expect(await out('read', 'prices', '--tail', '1', '--json')).toBe(
      '{"Date":"2026-08-18","Price":66.2}\n',
    )
    expect(await out('read', 'prices', '--limit', '1', '--columns', 'Price')).toBe(
      'Date,Price\n2026-08-14,65.1\n',
    )
    expect((await run('read', 'prices', '--columns', 'Pice')).stderr).toContain('mean Price?')
    expect((await run('read', 'prices', '--from', '')).exitCode).toBe(2)
    expect((await run('read', 'price')).stderr).toContain('did you mean prices?')
  })

  it('lists rows and ends, and the series that stopped', async () => {
    const ran = await out('ls', '-l')
    expect(ran).toMatch(/^ +3 {2}2026-08-14 +2026-08-18 +\* +prices\n$/)
    expect(await out('ls', '--stale', '2d')).toBe('prices\n')
    expect(await out('ls', '--stale', '9999w')).toBe('')
    expect((await run('ls', '--stale', '2 days')).exitCode).toBe(2)
    expect((await run('ls', 'pries')).exitCode).toBe(3)
  })
})
