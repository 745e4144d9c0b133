import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { isolated, PROGRAM, someone } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const AUGUST_3 = Date.UTC(2026, 7, 3)
const DAY = 86_400_000
const days = Array.from({ length: 15 }, (_, i) => ({
  date: new Date(AUGUST_3 + i * DAY).toISOString().slice(0, 10),
  price: i === 14 ? '65.98' : String(65 + ((i * 37) % 100) / 100),
}))
const csvOf = (rows: typeof days) =>
  `Date,Price\n${rows.map(({ date, price }) => `${date},${price}\n`).join('')}`
const CSV = csvOf(days)
const CORRECTED = CSV.replace('65.98', '66.02')

let folder: string
beforeAll(() => {
  folder = temporaryFolder()
  writeFileSync(join(folder, 'brent-daily.csv'), CSV)
  writeFileSync(join(folder, 'rows.csv'), 'time,value\n2026-08-01T00:00:00Z,1.5\n')
})

/** Types a line into a shell on a given day, in which `varve` is the built program. */
async function type(line: string, cwd: string, date = '2026-08-21T12:00:00Z'): Promise<string> {
  const script = `set -eu -o pipefail\nvarve() { node ${PROGRAM} "$@"; }\n${line}`
  const dates = { VARVE_AUTHOR_DATE: date, VARVE_COMMITTER_DATE: date }
  const { stdout } = await execa('bash', ['-c', script], {
    cwd,
    env: { ...isolated, ...someone, ...dates },
    extendEnv: false,
  })
  return stdout
}

describe('from scratch', () => {
  const at = (name: string) => join(folder, name)

  it('a price is added, corrected, compared, and read as it was', async () => {
    const prices = at('prices')
    expect(await type('varve init prices', folder)).toContain('Initialized empty varve repository')

    const added = await type('varve add ../brent-daily.csv', prices)
    expect(added).toContain('brent-daily: new, 15 rows, 2026-08-03 to 2026-08-17')
    expect(added).toContain('Date:date Price:float64, index Date')
    const first = '2026-08-20T18:00:00Z'
    expect(await type('varve commit -m "EIA, 21 August"', prices, first)).toMatch(
      /^\[main \(root-commit\) \w{7}\] EIA, 21 August\n 1 series changed, \+15 ~0 -0/,
    )
    const write = "printf 'Date,Price\\n2026-08-17,66.02\\n' | varve write brent-daily"
    expect(await type(write, prices)).toBe('brent-daily: +0 ~1 -0')
    const pending = await type('varve status; varve diff', prices)
    expect(pending).toContain('brent-daily')
    expect(pending).toMatch(/revised +2026-08-17 +Price 65\.98 → 66\.02/)
    await type('varve commit -m "correction"', prices, '2026-08-24T09:00:00Z')

    const log = await type('varve log --stat', prices)
    expect(log).toMatch(/correction[^#]*\+0 ~1 -0[^#]*EIA, 21 August[^#]*\+15 ~0 -0/)
    expect(await type('varve show', prices)).toMatch(/correction[^#]*65\.98 → 66\.02/)
    expect(await type('varve read brent-daily --from 2026-08', prices)).toBe(CORRECTED.trimEnd())
    const last5 = csvOf(days.slice(-5)).trimEnd()
    expect(await type('varve read HEAD~1:brent-daily --tail 5', prices)).toBe(last5)
    expect(await type('varve read brent-daily --as-of 2026-08-20 --tail 5', prices)).toBe(last5)
    expect(await type('varve read brent-daily --tail 1', prices)).toContain('2026-08-17,66.02')

    await type('varve checkout HEAD~1', prices)
    expect(readFileSync(join(prices, 'brent-daily.csv'), 'utf8')).toBe(CSV)
    await type('varve checkout main', prices)
    expect(readFileSync(join(prices, 'brent-daily.csv'), 'utf8')).toBe(CORRECTED)
    expect(await type('varve status', prices)).toContain('nothing to commit')
  }, 60_000)

  it('a collection has a schema, and no work tree is needed', async () => {
    const prices = at('prices')
    await type('varve create weather/hourly/ time:timestamp_s temp:float64 rain:float32', prices)
    const rows = "printf 'time,temp,rain\\n2026-08-01,20.5,0\\n'"
    await type(`${rows} | varve write weather/hourly/brussels --create`, prices)
    expect(await type('varve schema weather/hourly/brussels', prices)).toMatch(/rain +float32/)

    await type('varve init --bare other.varve', folder)
    const other = 'varve -R ../other.varve write s --create --commit < ../rows.csv'
    expect(await type(other, prices)).toContain('s: new, 1 row')
    expect(await type('varve -R other.varve log --oneline', folder)).toMatch(
      /^\w{7,} .*s: \+1 ~0 -0$/,
    )
    expect(await type('varve -R other.varve read s', folder)).toBe(
      'time,value\n2026-08-01T00:00:00Z,1.5',
    )
  }, 60_000)
})

const BY_HAND = `varve init hand >/dev/null; cd hand; cp ../brent-daily.csv a.csv
t=$(cut -d, -f1 a.csv | tail -n +2 | varve hash-object -w --type date --stdin)
v=$(cut -d, -f2 a.csv | tail -n +2 | varve hash-object -w --type float64 --stdin)
s=$(varve mkseries --column Date:date:$t --column Price:float64:$v --index Date)
tree=$(printf 'series %s\\tbrent-daily\\n' "$s" | varve mktree)
c=$(varve commit-tree "$tree" -m "by hand")
varve update-ref refs/heads/main "$c"; varve cat-blob "$v" | head -3; varve ls-tree main
echo "$c"`

const BY_COMMANDS = `varve init commands >/dev/null; cd commands
varve add -q ../brent-daily.csv
varve commit -q -m "by hand"
varve rev-parse HEAD`

const BY_ROWS = `varve init --bare rows.varve >/dev/null
head -1 brent-daily.csv > half.csv; tail -7 brent-daily.csv >> half.csv
head -9 brent-daily.csv > rest.csv
varve -R rows.varve write -q brent-daily --create --commit < half.csv
varve -R rows.varve write -q brent-daily --commit < rest.csv
varve -R rows.varve rev-parse 'main^{tree}'`

it('plumbing, porcelain and rows in any order lead to the same ids', async () => {
  const hand = (await type(BY_HAND, folder)).split('\n')
  const commit = hand.at(-1)!
  expect(hand.slice(0, 3)).toEqual(days.slice(0, 3).map(({ price }) => price))
  expect(hand[3]).toMatch(/^series \w{64}\tbrent-daily$/)
  expect(commit).toMatch(/^\w{64}$/)
  expect(await type(BY_COMMANDS, folder)).toBe(commit)
  const tree = await type("varve rev-parse 'main^{tree}'", join(folder, 'hand'))
  expect(await type(BY_ROWS, folder)).toBe(tree)
  // The same on every machine, today and in years.
  expect(tree).toBe('be3cf608ca6efc2bc655ab76d3f27eb18273e09238b591d42d206746aa7ed095')
  expect(commit).toBe('9f66854fca7c3fd21b65ebc131646736e8580449f39912f25c8ae1fa8f3ed600')
}, 60_000)
