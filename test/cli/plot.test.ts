import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let cwd = ''
const run = (args: readonly string[], input?: string) =>
  varve(args, { cwd, env: someone, ...(input === undefined ? {} : { input }) })

async function ok(args: readonly string[], input?: string): Promise<string> {
  const { stdout, stderr, exitCode } = await run(args, input)
  expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 })
  return stdout
}

const day = (i: number) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10)
const rows = Array.from({ length: 60 }, (_, i) => `${day(i)},${i % 20},${i === 9 ? '' : 60 - i},x`)
const header = 'Date,Price,Volume,Note'

beforeAll(async () => {
  cwd = join(temporaryFolder(), 'prices')
  await varve(['init', cwd], { env: someone })
  const first = [header, ...rows, ''].join('\n')
  await ok(['write', 'oil/brent', '--create', '--commit', '-m', 'first'], first)
  const second = `${header}\n${day(30)},50,30,x\n`
  await ok(['write', 'oil/brent', '--commit', '-m', 'second'], second)
})

describe('varve plot', () => {
  it('draws all columns of numbers, 80 by 24 where there is no terminal', async () => {
    const lines = (await ok(['plot', 'oil/brent'])).trimEnd().split('\n')
    expect(lines[0]).toBe('oil/brent  2026-01-01 to 2026-03-01, 60 rows')
    expect(lines.slice(1).filter((line) => /^[A-Z]/.test(line))).toEqual([
      'Price',
      'Volume  × 1 without a value',
    ])
    expect(lines).toHaveLength(24)
    expect(lines.every((line) => line.length <= 80)).toBe(true)
    expect(lines.join('')).toMatch(/[\u2801-\u28ff]/)
    expect(lines.at(-1)).toMatch(/2026-01-05 +01-12 +01-19/)
  })

  it('takes bounds, columns, sizes and marks', async () => {
    const size = ['--width', '40', '--height', '8', '--ascii']
    const range = ['--from', '2026-01-05', '--to', '2026-01-20', '--columns', 'Volume']
    const lines = (await ok(['plot', 'HEAD:oil/brent', ...range, ...size])).trimEnd().split('\n')
    expect(lines[0]).toBe('oil/brent  2026-01-05 to 2026-01-20, 16 rows')
    expect(lines[1]).toBe('Volume  x 1 without a value')
    expect(lines).toHaveLength(8)
    expect(lines.join('')).toMatch(/^[\n -~]*$/)
  })

  it('lays a version beside another', async () => {
    const args = [
      'plot',
      'oil/brent',
      '--vs',
      'HEAD~1',
      '--changes',
      '--columns',
      'Price',
      '--ascii',
    ]
    const lines = (await ok(args)).trimEnd().split('\n')
    expect(lines[0]).toBe('oil/brent  2026-01-16 to 2026-02-15, 31 rows')
    expect(lines[1]).toBe('Price  . HEAD~1  # now  * both')
    const absent = await run(['plot', 'oil/brent', '--vs', 'HEAD~2'])
    expect(absent).toMatchObject({ exitCode: 3 })
  })

  it('gives the numbers that it draws', async () => {
    const plot = JSON.parse(
      await ok(['plot', 'oil/brent', '--vs', 'HEAD~1', '--json', '--width', '42']),
    )
    expect(plot).toMatchObject({
      series: 'oil/brent',
      against: 'oil/brent',
      axis: { name: 'Date', kind: 'date', type: 'date', zone: 'UTC' },
      from: 20_454,
      to: 20_513,
      rows: 60,
      rowsBefore: 60,
    })
    const [price] = plot.columns
    expect(price.after.low).toHaveLength(60)
    expect([Math.max(...price.before.high), Math.max(...price.after.high)]).toEqual([19, 50])
    expect(plot.columns[1].after.low[9]).toBeNull()
  })

  it('writes a picture, the same each time', async () => {
    const args = ['plot', 'oil/brent', '--vs', 'HEAD~1', '--svg']
    expect(await ok([...args, 'brent.svg'])).toMatch(/^brent[.]svg: [\d,]+ bytes\n$/)
    const svg = await readFile(join(cwd, 'brent.svg'), 'utf8')
    expect(svg).toMatch(/^<svg xmlns="http:..www.w3.org.2000.svg" .*<.svg>\n$/s)
    expect(await ok([...args, '-'])).toBe(svg)
  })

  it('says what is wrong, and where', async () => {
    const failing = async (...args: string[]) => {
      const { exitCode, stderr, stdout } = await run(['plot', ...args])
      expect(stdout).toBe('')
      return `${exitCode} ${stderr.split('\n')[0]}`
    }
    expect(await failing('oil/brnt')).toMatch(/^3 varve: no series "oil\/brnt"/)
    expect(await failing('oil/brent', '--columns', 'Pirce')).toMatch(
      /^\d varve: there is no column "Pirce"/,
    )
    expect(await failing('oil/brent', '--columns', 'Note')).toBe(
      '2 varve: column "Note" of oil/brent is string',
    )
    expect(await failing('oil/brent', '--width', '5')).toMatch(/^2 varve: --width takes/)
    expect(await failing('oil/brent', '--changes')).toMatch(/^2 varve: --changes needs a version/)
    expect(await failing('oil/brent', '--from', '2026-13')).toMatch(/^4 varve: --from: not a date/)
    await ok(['write', 'notes', '--create', '--commit', '-m', 'words'], 'Date,Note\n2026-01-01,x\n')
    expect(await failing('notes')).toBe('2 varve: notes has no column of numbers')
    const none = await ok(['plot', 'oil/brent', '--from', '2030', '--height', '8'])
    expect(none).toContain('no rows in this range')
  })
})
