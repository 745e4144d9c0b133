import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatSchemaText } from '../../../src/core/schema-codec.ts'
import { csvFormat } from '../../../src/formats/csv/csv-format.ts'
import { inferCsv } from '../../../src/formats/csv/infer-csv.ts'
import type { InferOptions, InputTable, Reading } from '../../../src/formats/table.ts'
import { cut, faultOf, rowsOf, schemaOf } from './support.ts'

function table(text: string, reading: Reading = {}, once = false): InputTable {
  const whole = Buffer.from(text)
  return { name: 'a.csv', once, reading, open: () => cut(whole, [7, 100]) }
}

/** Pieces each of which is overwritten as soon as the next is asked for. */
async function* lent(whole: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) {
    const piece = Uint8Array.from(whole.subarray(at, at + size))
    yield piece
    piece.fill(0x37)
  }
}

async function inferred(text: string, reading: Reading = {}, options: InferOptions = {}) {
  const notices: string[] = []
  const onNotice = (notice: string): void => {
    if (!notice.startsWith('no offset')) notices.push(notice)
  }
  const found = await csvFormat.infer(table(text, { ...reading, onNotice }), options)
  return { schema: formatSchemaText(found.schema), rows: await rowsOf(found.frames()), notices }
}

const faultIn = (text: string, reading: Reading = {}, options: InferOptions = {}) =>
  faultOf(() => inferred(text, reading, options))

const rowsAs = (schema: string, text: string, reading: Reading = {}, once = false) =>
  rowsOf(csvFormat.read(table(text, reading, once), { schema: schemaOf(schema) }))

const day = (iso: string): number => Date.parse(`${iso}Z`) / 86_400_000
const second = (iso: string): bigint => BigInt(Date.parse(`${iso}Z`) / 1000)

describe('a table in any dialect', () => {
  const layouts = ['DD/MM/YYYY', 'MM/DD/YYYY', 'DD.MM.YYYY', 'YYYYMMDD', 'D MMM YYYY', 'epoch_s']
  const dialect = fc.record({
    delimiter: fc.constantFrom(';', '\t', '|', ','),
    decimal: fc.constantFrom('.' as const, ',' as const),
    header: fc.boolean(),
    marker: fc.constantFrom('NA', '-', '.', 'null', '#N/A', ''),
    layout: fc.constantFrom(...layouts),
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
    skip: fc.integer({ min: 0, max: 3 }),
    bom: fc.boolean(),
    quoteAll: fc.boolean(),
  })
  const text = fc
    .string({ unit: 'grapheme', maxLength: 6 })
    .filter((each) => !['NA', '-', '.', 'null', '#N/A'].includes(each.trim()))
  const row = fc.record({
    value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: null }),
    text: fc.option(text, { nil: null }),
  })

  function writeDay(days: number, layout: string): string {
    const date = new Date(days * 86_400_000)
    const [y, m, d] = date.toISOString().slice(0, 10).split('-') as [string, string, string]
    if (layout === 'epoch_s') return String(days * 86_400)
    if (layout === 'D MMM YYYY') {
      return `${date.getUTCDate()} ${date.toUTCString().slice(8, 11)} ${y}`
    }
    return layout.replace('YYYY', y).replace('MM', m).replace('DD', d)
  }

  it('reads back equal', async () => {
    const rows = fc.array(row, { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(dialect, rows, fc.boolean(), async (how, cells, once) => {
        const { delimiter, decimal, header, marker, layout, lineEnd, skip, bom, quoteAll } = how
        const quote = (cell: string, isNull: boolean): string => {
          const isPlain = !/[\s",;|\t\r\n]|^$/.test(cell) && !cell.includes('\0') && cell !== marker
          if (isNull && (!quoteAll || marker === '')) return cell
          return isPlain && !quoteAll ? cell : `"${cell.replaceAll('"', '""')}"`
        }
        const lines = cells.map(({ value, text: words }, at) =>
          [
            quote(writeDay(at * 17, layout), false),
            value === null
              ? quote(marker, true)
              : quote((Object.is(value, -0) ? '-0' : String(value)).replace('.', decimal), false),
            words === null ? quote(marker, true) : quote(words, false),
          ].join(delimiter),
        )
        const head = header ? [['day', 'value', 'text'].join(delimiter)] : []
        const before = Array.from({ length: skip }, (_, at) => `# line ${at}, "of the preamble`)
        const whole = (bom ? '\ufeff' : '') + [...before, ...head, ...lines, ''].join(lineEnd)
        const reading: Reading = {
          ...{ decimal, header, skip, dateFormat: layout, nulls: [marker] },
          ...(delimiter === ',' || !header ? { delimiter } : {}),
          // An empty text is a null only where that is said.
          ...(marker === '' ? { nulls: undefined } : {}),
        }
        const read = await rowsAs('day:date value:float64 text:string', whole, reading, once)
        expect(read).toEqual(cells.map(({ value, text: words }, at) => [at * 17, value, words]))
      }),
      { numRuns: 500 },
    )
  })

  it('has the cells that csv-parse finds', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ' ', ',', ';', '|', '\n', '"', 'é') })
    const cells = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(cells, fc.constantFrom(',', ';', '|'), async (rows, delimiter) => {
        const quoted = rows.map((each) =>
          each.map((text) => `"${text.replaceAll('"', '""')}"`).join(delimiter),
        )
        const text = `${quoted.join('\n')}\n`
        const expected: string[][] = parse(text, { delimiter })
        const read = await rowsAs('a:string b:string', text, { delimiter, header: false })
        expect(read).toEqual(expected)
      }),
    )
  })
})

describe('files as they come', () => {
  it('reads a German export', async () => {
    const text = 'Datum;Preis;Notiz\r\n01.02.2025;1,5;gut\r\n02.02.2025;-0,25;"a;b"\r\n'
    const { schema, rows, notices } = await inferred(text, { decimal: ',' })
    expect(schema).toBe('Datum:date Preis:float64 Notiz:string')
    expect(rows).toEqual([
      [day('2025-02-01'), 1.5, 'gut'],
      [day('2025-02-02'), -0.25, 'a;b'],
    ])
    expect(notices).toEqual(['column "Datum" is read as DD.MM.YYYY'])
    expect((await faultIn(text)).message).toBe('a.csv:2:12: expected a number, found "1,5"')
    expect((await faultIn(text)).hint).toContain('with --decimal , the comma is')
  })

  it("reads FRED's points as nulls, when told", async () => {
    const text = 'DATE,DGS10\n2025-01-01,.\n2025-01-02,4.57\n'
    const fault = await faultIn(text)
    expect(fault.message).toBe('a.csv:2:12: expected float64, found "."')
    expect(fault.hint).toBe(
      '--null . takes it as no value; --type DGS10:string takes the column as text',
    )
    expect((await inferred(text, { nulls: ['.'] })).rows[0]).toEqual([day('2025-01-01'), null])
  })

  it("reads Yahoo's null, and several markers at once", async () => {
    const text = 'Date,Open,Volume\n2025-01-02,10,-\n2025-01-03,null,"N/A"\n2025-01-06,11,5\n'
    expect((await faultIn(text)).message).toBe('a.csv:3:12: expected float64, found "null"')
    const fault = await faultIn(text, { nulls: ['null'] })
    expect(fault.hint).toContain('--null -,N/A takes')
    const { schema, rows } = await inferred(text, { nulls: ['null', '-', 'N/A'] })
    expect(schema).toBe('Date:date Open:float64 Volume:float64')
    expect(rows.map((row) => row.slice(1))).toEqual([
      [10, null],
      [null, null],
      [11, 5],
    ])
  })

  it('reads a log without a header, and notices one', async () => {
    const text = '2025-01-01T00:00:00Z,21.5,ok\n2025-01-01T00:01:00Z,21.6,ok\n'
    const fault = await faultIn(text)
    expect(fault.message).toContain('a.csv:1:1: expected the names of the columns')
    expect(fault.hint).toBe('--no-header takes it as data, --header as names')
    const rename = new Map([['c2', 'temp']])
    const { schema, rows } = await inferred(text, { header: false, rename })
    expect(schema).toBe('c1:timestamp_s temp:float64 c3:string')
    expect(rows).toHaveLength(2)
    const known = await faultOf(() => rowsAs('t:timestamp_s v:float64 s:string', text))
    expect(known.message).toContain('the first line looks like data')
    const said = await inferred('2025,1990,1991\n1,2,3\n', { header: true })
    expect(said.schema).toBe('2025:int64 1990:float64 1991:float64')
    expect((await inferred('Country,1990,1991\nBE,2,3\n')).rows).toEqual([['BE', 2, 3]])
  })

  it('offers another index where the first column lacks a value', async () => {
    const text = 'Title,Year\nDr. No,1962\n,1963\n'
    expect((await faultIn(text)).hint).toContain('--index COLUMN')
    expect((await faultOf(() => rowsAs('Title:string Year:int64', text))).hint).toBeUndefined()
  })

  it('refuses numbers with spaces between them, unless that is said', async () => {
    const text = 'OBS GPA\n1 2.66\n2 2.89\n'
    const fault = await faultIn(text)
    expect(fault.message).toContain('a.csv:1:1: expected a comma')
    expect(fault.hint).toContain("--delimiter ' '")
    expect((await inferred(text, { delimiter: ' ' })).schema).toBe('OBS:int64 GPA:float64')
    for (const one of [
      'name\nAda Lovelace\n',
      'last name\nAda Lovelace\n',
      'a b\n1\n',
      'a b\n1 2,3\n4 5\n',
    ]) {
      expect((await faultIn(one).catch(() => undefined))?.message ?? '').not.toContain('a comma')
    }
  })

  it("reads Excel's, with a byte order mark and times of half a day", async () => {
    const text = '\ufeffTime,Value\r\n1/2/2025 12:00:00 AM,3\r\n1/13/2025 1:05:00 PM,4\r\n'
    const { schema, rows, notices } = await inferred(text)
    expect(schema).toBe('Time:timestamp_s Value:float64')
    expect(rows.map(([time]) => time)).toEqual([
      second('2025-01-02T00:00:00'),
      second('2025-01-13T13:05:00'),
    ])
    expect(notices).toEqual(['column "Time" is read as MM/DD/YYYY'])
    expect(await rowsAs('Time:timestamp_s Value:float64', text, {}, true)).toEqual(rows)
  })

  it("reads the European Central Bank's, by the columns that are wanted", async () => {
    const text = [
      'KEY,FREQ,TIME_PERIOD,OBS_VALUE,OBS_STATUS,TITLE',
      'EXR.M.USD,M,2025-01,1.0354,A,"US dollar, average"',
      'EXR.M.USD,M,2025-02,1.0413,A,"US dollar, average"',
    ].join('\n')
    const columns = ['TIME_PERIOD', 'OBS_VALUE']
    const rename = new Map([['OBS_VALUE', 'usd']])
    const { schema, rows, notices } = await inferred(text, { columns, rename })
    expect(schema).toBe('TIME_PERIOD:date usd:float64')
    expect(rows[1]).toEqual([day('2025-02-01'), 1.0413])
    expect(notices).toEqual(['column "TIME_PERIOD" has months: each is read as its first day'])
  })

  it('leaves out lines before the header, wherever a source that lends its pieces cuts them', async () => {
    const skipped = 300_000
    const rows = Array.from({ length: 5000 }, (_, i) => `${1_000_000 + i},${i}`)
    const text = `${'#'.repeat(skipped - 1)}\nn,v\n${rows.join('\n')}\n`
    for (const size of [skipped - 7, skipped, skipped + 3, skipped + 40_000, 70_000]) {
      const input: InputTable = {
        name: 'a.csv',
        reading: { skip: 1 },
        open: () => lent(Buffer.from(text), size),
      }
      const found = await csvFormat.infer(input, {})
      const read = await rowsOf(found.frames())
      expect(read.length).toBe(rows.length)
      expect(read.findIndex(([n], i) => n !== BigInt(1_000_000 + i))).toBe(-1)
    }
  })

  it('leaves out lines before the header', async () => {
    const text = 'Station 17\r\n# from: "now\r\ndate,v\r\n2025-01-01,x,\r\n'
    const fault = await faultIn(text, { skip: 2 })
    expect(fault.data).toMatchObject({ line: 4, column: 14 })
    expect((await faultIn('Station 17\ndate,v\n2025-01-01,1\n')).hint).toContain('--skip N')
    expect((await faultIn(text, { skip: 9 })).message).toContain('found the end of the input')
  })

  it("takes pandas' unnamed index by its number", async () => {
    const text = ',a\n0,1\n1,2\n'
    expect((await faultIn(text)).hint).toBe(
      '--rename c1=NAME gives it one; --columns A,B takes only the columns it names',
    )
    const named = await inferred(text, { rename: new Map([['c1', 'row']]) })
    expect(named.schema).toBe('row:int64 a:float64')
    expect((await inferred(text, { columns: ['a'] })).rows).toEqual([[1n], [2n]])
    const fault = await faultIn('alpha,b\n1,2\n', { columns: ['alhpa'] })
    expect(fault).toMatchObject({ code: 'bad-input', hint: 'did you mean "alpha"?' })
  })
})

describe('dates that are not ISO 8601', () => {
  it.each([
    ['2025/03/04', 'date', '2025-03-04'],
    ['2025.3.4', 'date', '2025-03-04'],
    ['2025-3-4', 'date', '2025-03-04'],
    ['04.03.2025', 'date', '2025-03-04'],
    ['2 Jan 2025', 'date', '2025-01-02'],
    ['02-JAN-2025', 'date', '2025-01-02'],
    ['31-Jan-25', 'date', '2025-01-31'],
    ['"January 2, 2025"', 'date', '2025-01-02'],
    ['04.03.2025 10:05', 'timestamp_s', '2025-03-04T10:05:00'],
    ['2025/03/04 1:05:09 PM', 'timestamp_s', '2025-03-04T13:05:09'],
    ['2025-03-04 1:05 pm', 'timestamp_s', '2025-03-04T13:05:00'],
    ['10/Oct/2000:13:55:36 -0700', 'timestamp_s', '2000-10-10T20:55:36'],
  ])('knows %s by itself, in an index and beside it', async (cell, type, iso) => {
    const value = type === 'date' ? day(iso) : second(iso)
    expect(await inferred(`d,e\n${cell},${cell}\n`)).toMatchObject({
      schema: `d:${type} e:${type}`,
      rows: [[value, value]],
    })
    expect(await rowsAs(`d:${type} e:${type}`, `d,e\n${cell},${cell}\n`)).toEqual([[value, value]])
  })

  it('finds whether the day comes first from any row, also under a known schema', async () => {
    const rows = Array.from({ length: 20_000 }, () => '03/04/2025,1')
    const text = (last: string): string => `d,v\n${rows.join('\n')}\n${last},2\n`
    const first = async (last: string, once: boolean) => {
      const input = csvFormat.infer(table(text(last), {}, once), { duplicates: true })
      const known = rowsAs('d:date v:float64', text(last), {}, once)
      const [[inferredDay]] = (await rowsOf((await input).frames())) as [[number]]
      return [inferredDay, (await known)[0]![0]]
    }
    for (const once of [true, false]) {
      const dayFirst = day('2025-04-03')
      const monthFirst = day('2025-03-04')
      expect(await first('13/04/2025', once)).toEqual([dayFirst, dayFirst])
      expect(await first('04/13/2025', once)).toEqual([monthFirst, monthFirst])
    }
  })

  it('reads all of what comes once, where a row far below its first tells which', async () => {
    const rows = Array.from({ length: 60_000 }, (_, row) => `${row},0${1 + (row % 9)}/02/2025`)
    rows[30_000] = '30000,25/12/2024'

    const read = await rowsAs('k:int64 d:date', `k,d\n${rows.join('\n')}\n`, {}, true)

    expect(read.length).toBe(rows.length)
    expect(read[0]![1]).toBe(day('2025-02-01'))
    expect(read.at(-1)![1]).toBe(day('2025-02-06'))
  })

  it('finds the layout of a column that is empty far down, under a known schema', async () => {
    const blanks = Array.from({ length: 40_000 }, (_, i) => `${i},`)
    const text = `k,d\n${blanks.join('\n')}\n40000,04.03.2025\n40001,05.03.2025\n`
    const rows = await rowsAs('k:int64 d:date', text)
    expect(rows).toHaveLength(40_002)
    expect(rows.slice(-3)).toEqual([
      [39_999n, null],
      [40_000n, 20_151],
      [40_001n, 20_152],
    ])
  })

  it('refuses an index of which no row tells, and leaves values as text', async () => {
    const offer = '--date-format DD/MM/YYYY or MM/DD/YYYY'
    const text = 'd,v\n03/04/2025,1\n04/04/2025,2\n'
    const fault = await faultIn(text)
    expect(fault.message).toContain('a.csv:2:1: expected a date that can be told')
    expect(fault.hint).toBe(offer)
    expect((await faultOf(() => rowsAs('d:date v:float64', text))).hint).toBe(offer)
    const { schema, notices } = await inferred('k,d\n1,03/04/2025\n')
    expect(schema).toBe('k:int64 d:string')
    expect(notices).toEqual([
      `column "d" stays text: "03/04/2025" could be two days; ${offer} tells`,
    ])
    expect((await inferred(text, { dateFormat: 'DD/MM/YYYY' })).rows[0]![0]).toBe(day('2025-04-03'))
  })

  it.each([
    ['13/04/2025,1\n04/13/2025', 3, 'a date as DD/MM/YYYY', 'line 2 has "13/04/2025"'],
    ['31.01.2025,1\n31.02.2025', 3, 'a date as DD.MM.YYYY', '2025-02 has 28 days'],
    ['30/02/2025,1\n03/04/2025', 2, 'a date', '2025-02 has 28 days'],
  ])('refuses a date that does not exist: %j', async (cells, line, expected, reason) => {
    const fault = await faultIn(`d,v\n${cells},2\n`)
    expect(fault.data).toMatchObject({ line, column: 1, expected })
    expect(fault.message).toContain(`(${reason})`)
    expect(fault.hint).toBe('--type d:string takes the column as text')
  })

  it.each([
    ['2025Q1,1\n2025Q2', '--date-format LAYOUT'],
    ['03/04/25,1\n04/04/25', '--date-format DD/MM/YY or MM/DD/YY or YY/MM/DD'],
    ['10:00,1\n10:05', '--date-format LAYOUT'],
    ['2025-01-01,1\n2025/01/02', '--date-format YYYY/MM/DD'],
  ])('refuses an index that looks like dates: %j', async (cells, offer) => {
    const fault = await faultIn(`d,v\n${cells},2\n`)
    expect(fault.data).toMatchObject({ expected: 'dates of one known layout in the index' })
    expect(fault.hint).toBe(
      `${offer} says how they are written; --type d:string takes the column as text`,
    )
    const types = new Map([['d', 'string' as const]])
    expect((await inferred(`d,v\n${cells},2\n`, {}, { types })).schema).toMatch(/^d:string /)
  })

  it.each(['brent', 'sensor-1', '007', '192.168.1.1', 'A-12/3', 'DE0001', 'Mayor 5'])(
    'lets an index be names: %s',
    async (name) => {
      expect((await inferred(`k,v\n${name},1\n`)).schema).toBe('k:string v:float64')
    },
  )

  it('says of a total below dates, and of a header there, that the row is to go', async () => {
    const total = await faultIn('d,v\n2025-01-01,1\n2025-01-02,2\ntotal,3\n')
    expect(total.message).toContain('a.csv:4:1: expected dates of one known layout in the index')
    expect(total.hint).toBe('leave that row out; --type d:string takes the column as text')
    const header = await faultIn('d,v\n2025-01-01,1\n2025-01-02,2\nd,v\n2025-01-03,3\n')
    expect(header.message).toBe('a.csv:4:1: expected date, found "d" (it is the header again)')
    expect(header.hint).toBe('leave that line out; --type d:string takes the column as text')
    const text = await faultIn('name,v\na,1\nname,v\nb,2\n')
    expect(text.message).toBe('a.csv:3:6: expected float64, found "v" (it is the header again)')
    expect((await inferred('name,v\na,w\nname,v\nb,x\n')).schema).toBe('name:string v:string')
  })

  it.each([
    ['4. März 2025', '11. März 2025'],
    ['4 mars 2025', '5 avril 2025'],
    ['1 de enero de 2025', '2 de enero de 2025'],
    ['Okt 2024', 'Dez 2024'],
    ['04-déc.-2025', '05-déc.-2025'],
    ['Mo., 3. Feb. 2025', 'Di., 4. Feb. 2025'],
    ['12 марта 2025', '13 марта 2025'],
  ])('refuses an index of months that are not named in English: %j', async (first, second) => {
    const fault = await faultIn(`d;v\n${first};1\n${second};2\n`)
    expect(fault.data).toMatchObject({
      line: 2,
      expected: 'dates of one known layout in the index',
      found: JSON.stringify(first),
    })
    expect(fault.hint).toBe(
      'months are read by their number or English name: write 2025-03-04 or 4 Mar 2025; ' +
        '--type d:string takes the column as text',
    )
  })

  it.each([
    ['sensor 12', 'sensor 14'],
    ['Halle 2024', 'Halle 2025'],
    ['3 Marken 2025', '4 Marken 2025'],
  ])('leaves an index of names with numbers alone: %j', async (first, second) => {
    expect((await inferred(`d;v\n${first};1\n${second};2\n`)).schema).toBe('d:string v:float64')
  })

  it('takes 24:00 for the midnight that ends the day', async () => {
    const text = 't,v\n2025-01-01 23:00,1\n2025-01-01 24:00,2\n2025-01-02T24:00:00.0Z,3\n'
    const { schema, rows } = await inferred(text)
    expect(schema).toBe('t:timestamp_ms v:float64')
    const ms = rows.map(([time]) => new Date(Number(time)).toISOString())
    expect(ms.map((time) => time.slice(0, 16))).toEqual([
      '2025-01-01T23:00',
      '2025-01-02T00:00',
      '2025-01-03T00:00',
    ])
    expect(await rowsAs('t:timestamp_s v:float64', 't,v\n31.12.2025 24:00,1\n')).toEqual([
      [second('2026-01-01T00:00'), 1],
    ])
    const fault = await faultIn('t,v\n2025-01-01 23:00,1\n2025-01-01 24:01,2\n')
    expect(fault.message).toContain('24:00 alone is the end of a day')
  })

  it('says of numbers in an index that they could be times', async () => {
    for (const [cell, layout] of [
      ['20250304', 'YYYYMMDD'],
      ['1755424800', 'epoch_s'],
      ['1755424800000', 'epoch_ms'],
      ['1755424800000000000', 'epoch_ns'],
    ] as const) {
      const plain = await inferred(`k,v\n${cell},${cell}\n`)
      expect(plain.notices).toEqual([
        `column "k" is read as numbers; if they are times: --date-format ${layout}`,
      ])
      const told = await inferred(`k,v\n${cell},1755424800\n`, { dateFormat: layout })
      expect(told.schema).toMatch(/^k:(date|timestamp_\w+) v:float64$/)
      expect(told.notices).toEqual([])
    }
  })

  it('uses a layout where it fits, and refuses it where it fits nowhere', async () => {
    const text = 'd,iso,v\n04.03.2025 10:00,2025-01-01,1\n'
    const { schema } = await inferred(text, { dateFormat: 'DD.MM.YYYY HH:mm' })
    expect(schema).toBe('d:timestamp_s iso:date v:float64')
    const fault = await faultIn('d,v\n31/12/2025,1\n', { dateFormat: 'MM/DD/YYYY' })
    expect(fault.message).toBe(
      'a.csv:2:1: expected a date as MM/DD/YYYY, found "31/12/2025" (there is no month 31)',
    )
    const none: string[] = []
    const reading = { dateFormat: 'DD/MM/YYYY', onNotice: (text: string) => none.push(text) }
    await rowsAs('d:int64 v:float64', 'd,v\n20250201,1\n', reading)
    expect(none).toEqual([expect.stringContaining('no column of dates')])
    const later = await faultIn('d,v\n01/02/2025,1\n31/12/2025,1\n', { dateFormat: 'MM/DD/YYYY' })
    expect(later.data).toMatchObject({ line: 3, field: 'd' })
    const known = await faultOf(() =>
      rowsAs('d:date v:float64', 'd,v\n01/02/2025,1\n31/12/2025,1\n', { dateFormat: 'MM/DD/YYYY' }),
    )
    expect(known.message).toContain('a.csv:3:1: expected date as MM/DD/YYYY')
    const wrong = await faultOf(() => rowsAs('d:date v:float64', 'd,v\n2025-01-01,1\n5/2025,1\n'))
    expect(wrong.data).toMatchObject({ line: 3 })
  })

  it('says a value as ISO 8601 has it, so that its column can be widened', async () => {
    const text = 'd,v\n04.03.2025,1\n04.03.2025 10:00,1\n'
    const fault = await faultOf(() => rowsAs('d:date v:float64', text))
    expect(fault.data).toMatchObject({ field: 'd', value: '2025-03-04T10:00:00' })
    const number = await faultOf(() => rowsAs('d:int64 v:int64', 'd;v\n1;1,5\n', { decimal: ',' }))
    expect(number.data).toMatchObject({ field: 'v', value: '1.5' })
  })
})

describe('numbers as people write them', () => {
  it.each([
    ['"1,234.5"', '.', 'digits grouped by thousands are not read: write 1234.5'],
    ['1 234', '.', 'digits grouped by thousands are not read: write 1234'],
    ["1'234'567.5", '.', 'digits grouped by thousands are not read: write 1234567.5'],
    ['1.234.567', '.', 'digits grouped by thousands are not read: write 1234567'],
    ['"1,5"', '.', 'with --decimal , the comma is the mark in front of a fraction'],
    ['"1.234,5"', ',', 'digits grouped by thousands are not read: write 1234,5'],
    ['1.5', ',', 'its fraction has a point in front: leave out --decimal ,'],
    ['(1.5)', '.', 'brackets are not read as a minus: write -1.5'],
  ] as const)('refuses %s with the mark %s', async (cell, decimal, advice) => {
    const fault = await faultIn(`k;v\n1;2\n2;${cell}\n`, { decimal })
    expect(fault.data).toMatchObject({ line: 3, column: 3, field: 'v', expected: 'a number' })
    expect(fault.hint).toBe(`${advice}; --type v:string takes the column as text`)
    const known = await faultOf(() =>
      rowsAs('k:int64 v:float64', `k;v\n1;2\n2;${cell}\n`, { decimal }),
    )
    expect(known.hint).toBe(advice)
  })

  it.each(['1e-5', '-0,5', ',5', '1,', '1,5E3', '123456789012345678901,5', 'NaN', '-inf', ' 2,5 '])(
    'reads %s with a decimal comma',
    async (cell) => {
      const [[, value]] = (await rowsAs('k:int64 v:float64', `k;v\n1;${cell}\n`, {
        decimal: ',',
      })) as [[bigint, number]]
      expect(value).toBe(Number(cell.replace(',', '.').replace('inf', 'Infinity')))
      expect((await inferred(`k;v\n1;${cell}\n`, { decimal: ',' })).rows).toEqual([[1n, value]])
    },
  )
})

it('says of text below numbers where it is', async () => {
  const { schema, notices } = await inferred('k,v\n1,2\n2,NA\n3,<0.5\n4,x\n')
  expect(schema).toBe('k:int64 v:string')
  expect(notices).toEqual(['column "v" is text for "<0.5" on line 4: above are numbers'])
  const types = new Map([['v', 'string' as const]])
  expect((await inferred('k,v\n1,2\n3,<0.5\n', {}, { types })).notices).toEqual([])
})

describe('numbers with a unit', () => {
  it.each([
    ['12 %', '13.5 %', '%'],
    ['5 €', '1.234,56 €', '€'],
    ['$5.20', '$1,000', '$'],
    ['3kg', '4kg', 'kg'],
    ['21.5 °C', '22 °C', '°C'],
    ['1,5 MWh', '2 MWh', 'MWh'],
  ])('are text, and that is said: %s', async (first, second, unit) => {
    const { schema, notices } = await inferred(`k;v\n1;${first}\n2;${second}\n3;${second}\n`)
    expect(schema).toBe('k:int64 v:string')
    expect(notices).toEqual([
      `column "v" has numbers with a unit, ${JSON.stringify(first)}, and is text: without ${unit} they are numbers`,
    ])
  })

  it.each([
    ['3a', '4b'],
    ['12 %', 'none of it'],
    ['1st', '2nd'],
    ['5 apples', '6 pears'],
  ])('are not seen in %s and %s', async (first, second) => {
    expect((await inferred(`k;v\n1;${first}\n2;${second}\n`)).notices).toEqual([])
  })
})

describe('markers of missing values', () => {
  it.each(['NA', 'n/a', '-', '#N/A', 'None', '..', 'NaT', '""'])(
    'does not take %s for text',
    async (cell) => {
      for (const value of ['1', '2.5', '2025-01-01', 'true', '04.03.2025']) {
        const fault = await faultIn(`k,v\n1,${value}\n2,${cell}\n`)
        expect(fault.data).toMatchObject({ line: 3, column: 3, field: 'v' })
        expect(fault.hint).toMatch(/^--null .* takes it as no value; --type v:string /)
      }
      expect((await inferred(`k,v\n1,word\n2,${cell}\n`)).schema).toBe('k:int64 v:string')
      const known = await faultOf(() => rowsAs('k:int64 v:float64', `k,v\n1,${cell}\n`))
      expect(known.hint).toMatch(/^--null .* takes it as no value$/)
    },
  )

  it('says that a column has nothing else', async () => {
    expect((await inferred('k,v\n1,-\n2,-\n')).notices).toEqual([
      'column "v" has nothing but "-", and is text; --null - takes it as no value',
    ])
  })

  it('are no keys', async () => {
    expect((await faultIn('d,v\n2025-01-01,1\nNA,2\n')).message).toContain('cannot be null')
    const fault = await faultIn('d,v\n2025-01-01,1\nNA,2\n', { nulls: ['NA'] })
    expect(fault.message).toContain('the index cannot be null')
  })
})

it('says where whole numbers beside fractions are rounded', async () => {
  const told: string[] = []
  const rows = Buffer.from('t,v\n1,9007199254740993\n2,0.5\n')
  const { schema } = await inferCsv([rows], { onNotice: (text) => told.push(text) })
  expect(formatSchemaText(schema)).toContain('v:float64')
  expect(told.join()).toContain('column "v" has whole numbers past 2^53 beside fractions')
})

it('does not take lines before a table for a column', async () => {
  const text = '# made by hand\n\n# in EUR\ntime;a;b\n2026-01-01;1;2\n'
  await expect(inferCsv([Buffer.from(text)], { file: 'x.csv' })).rejects.toMatchObject({
    code: 'bad-input',
    hint: '--skip 3 leaves out what is before line 4',
  })
  const { schema, discard } = await inferCsv([Buffer.from(text)], { skip: 3 })
  expect(schema.columns.map(({ name }) => name)).toEqual(['time', 'a', 'b'])
  await discard()
})

it.each([
  ['PAR1\x15\x04\x15', '--format parquet reads it'],
  ['ARROW1\0\0', '--format arrow reads it'],
  ['\x1f\x8b\x08\0', 'a name that ends in .gz says so; gunzip unpacks'],
  ['PK\x03\x04', 'save or unpack it as CSV'],
])('knows %j for what it is', async (begin, hint) => {
  const bytes = Buffer.from(`${begin} and more`, 'latin1')
  await expect(inferCsv([bytes])).rejects.toMatchObject({ code: 'bad-input', hint })
  const named = await inferCsv([Buffer.from('PAR1,v\n1,\x15\n')])
  expect(named.schema.columns.map(({ name }) => name)).toEqual(['PAR1', 'v'])
  await named.discard()
})

describe('a delimiter', () => {
  it('is what a first line says as Excel has it', async () => {
    const { schema, frames } = await inferCsv([Buffer.from('sep=|\r\nt|v\r\n1|"a;b"\r\n')])
    expect(schema.columns.map(({ name }) => name)).toEqual(['t', 'v'])
    for await (const { rows } of frames()) expect(rows).toBe(1)
  })

  it('that is not the table’s own is not taken for a column with a long name', async () => {
    const wrong = inferCsv([Buffer.from('a,b\n1,2\n')], { delimiter: ';', file: 'x.csv' })
    await expect(wrong).rejects.toMatchObject({
      message: 'x.csv:1:1: expected columns with ";" between them, found the one column "a,b"',
      hint: "--delimiter ',', or quotes around a name that has it in it",
    })
  })
})
