import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType, TimestampType } from '../../../src/core/column.ts'
import { frameFromRows } from '../../../src/core/frame.ts'
import { formatScalar } from '../../../src/core/scalar-text.ts'
import { openZone } from '../../../src/core/zone.ts'
import { csvFormat } from '../../../src/formats/csv/csv-format.ts'
import type { InputTable, Reading } from '../../../src/formats/table.ts'
import { bytes, faultOf, rowsOf, schemaOf, textOf } from './support.ts'

const tableOf = (text: string, reading: Reading): InputTable => ({
  name: 'a.csv',
  reading,
  open: async function* () {
    yield bytes(text)
  },
})

/** The rows of a table under a schema, as texts. */
async function read(text: string, schema: string, reading: Reading): Promise<string[]> {
  const wanted = schemaOf(schema)
  const rows = await rowsOf(csvFormat.read(tableOf(text, reading), { schema: wanted }))
  return rows.map((row) =>
    row.map((value, i) => formatScalar(value, wanted.columns[i]!.type)).join(','),
  )
}

describe('a CSV table in a zone', () => {
  const zone = 'Europe/Brussels'

  it('has local times where there is no offset, in every spelling', async () => {
    const cells = [
      '2026-01-01',
      '2026-07-01 12:00',
      '"2026-07-01T12:00:01"',
      '2026-07-01T12:00:02Z',
    ]
    const more = [' 2026-07-01T12:00:03 ', '2026-07-01T12:00:04+01:00', '20', '20260701']
    expect(await read(`t\n${cells.join('\n')}\n`, 't:timestamp_s', { zone })).toEqual([
      '2025-12-31T23:00:00Z',
      '2026-07-01T10:00:00Z',
      '2026-07-01T10:00:01Z',
      '2026-07-01T12:00:02Z',
    ])
    expect(await read(`t\n${more.join('\n')}\n`, 't:timestamp_s', { zone })).toEqual([
      '2026-07-01T10:00:03Z',
      '2026-07-01T11:00:04Z',
      '1970-01-01T00:00:20Z',
      '1970-08-23T11:58:21Z',
    ])
  })

  it('has dates that are no times as they are', async () => {
    expect(await read('d,t\n2026-07-01,2026-07-01\n', 'd:date t:timestamp_s', { zone })).toEqual([
      '2026-07-01,2026-06-30T22:00:00Z',
    ])
  })

  it('tells the hours of autumn by their order, also when equal hours cannot be one', async () => {
    const clocks = ['01:00', '02:00', '02:00', '03:00']
    const text = `t,v\n${clocks.map((clock, v) => `2026-10-25T${clock},${v}`).join('\n')}\n`
    expect(await read(text, 't:timestamp_s v:int8', { zone })).toEqual([
      '2026-10-24T23:00:00Z,0',
      '2026-10-25T00:00:00Z,1',
      '2026-10-25T01:00:00Z,2',
      '2026-10-25T02:00:00Z,3',
    ])
    const fault = await faultOf(() => read(text, 'v:int8 t:timestamp_s', { zone }))
    expect(fault).toMatchObject({ code: 'bad-input', data: { line: 3, column: 1, field: 't' } })
    expect(fault.message).toBe(
      'a.csv:3:1: expected a time that is there once, found "2026-10-25T02:00:00" (clocks in Europe/Brussels show it twice, and the order of the rows does not tell which)',
    )
    expect(fault.data.value).toBe(undefined)
  })

  it('names the cell whose time clocks skip', async () => {
    const text = 'v,t\n1,2026-03-29T01:00\n2,"2026-03-29T02:30:00"\n'
    const fault = await faultOf(() => read(text, 'v:int8 t:timestamp_ms', { zone }))
    expect(fault).toMatchObject({
      code: 'bad-input',
      hint: 'for clocks that are never changed: --tz +01:00',
      data: { file: 'a.csv', line: 3, column: 3, field: 't' },
    })
  })

  it('refuses a zone that there is not', async () => {
    const fault = await faultOf(() =>
      read('t\n2026-01-01\n', 't:timestamp_s', { zone: 'Brussels' }),
    )
    expect(fault).toMatchObject({ code: 'usage', hint: 'did you mean Europe/Brussels?' })
  })

  it('is inferred and sorted by what its times are in UTC', async () => {
    const text = 't,v\n2026-10-25T02:30,1\n2026-10-25T02:15,2\n2026-10-25T03:15,3\n'
    const found = await csvFormat.infer(tableOf(text, { zone }), {})
    expect(found.schema.columns[0]).toEqual({ name: 't', type: 'timestamp_s' })
    const rows = await rowsOf(found.frames())
    expect(rows.map(([t]) => formatScalar(t!, 'timestamp_s'))).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:15:00Z',
      '2026-10-25T02:15:00Z',
    ])
    const mixed = 't\n2026-07-01T12:00\n2026-07-01T11:00Z\n'
    expect((await csvFormat.infer(tableOf(mixed, {}), {})).sorted).toBe(false)
    const isSorted = async (cells: string, reading: Reading) => {
      const inferred = await csvFormat.infer(tableOf(`t\n${cells}\n`, reading), {})
      await inferred.discard()
      return inferred.sorted
    }
    expect(await isSorted('2026-07-01T12:30\n2026-07-01T12:00-01:00', {})).toBe(true)
    expect(await isSorted('2026-07-01T12:30Z\n2026-07-01T12:45', { zone })).toBe(false)
    expect(await isSorted('2026-07-01T12:30\n2026-07-01T12:45', { zone })).toBe(true)
  })
})

describe('that times were read as UTC', () => {
  const notices = async (text: string, schema: string, reading: Reading = {}) => {
    const said: string[] = []
    await read(text, schema, { ...reading, onNotice: (notice) => said.push(notice) })
    return said
  }
  const schema = 't:timestamp_s v:timestamp_s'

  it('is said once, where a time had no offset and no zone is known', async () => {
    const text = 't,v\n2026-07-01T12:00,2026-07-01T12:00\n2026-07-01T13:00,\n'
    expect(await notices(text, schema)).toEqual(['no offset: read as UTC; --tz names the zone'])
    expect(await notices('t,v\n2026-07-01 12:00 ,\n', schema)).toHaveLength(1)
    expect(await notices(text, schema, { zone: 'UTC' })).toEqual([])
    expect(await notices(text, schema, { zone: 'Europe/Brussels' })).toEqual([])
  })

  it('is not said of dates, of numbers, or of times with an offset', async () => {
    expect(await notices('t,v\n2026-07-01,20\n2026-07-02T12:00Z,\n', schema)).toEqual([])
    expect(await notices('t,v\n2026-07-01,2026-07-01T12:00\n', 't:date v:string')).toEqual([])
  })
})

describe('a CSV table written in a zone', () => {
  const written = async (zone: string, type: ColumnType, value: bigint | number) => {
    const schema = schemaOf(`t:${type}`)
    const frame = frameFromRows(schema, [[value]])
    const text = await textOf(csvFormat.write(schema, [frame], { zone }))
    return text.split('\n')[1]
  }

  it('has local times with their offset', async () => {
    const summer = BigInt(Date.UTC(2026, 7, 17, 10))
    expect(await written('Europe/Brussels', 'timestamp_ms', summer + 250n)).toBe(
      '2026-08-17T12:00:00.25+02:00',
    )
    expect(await written('Europe/London', 'timestamp_s', 0n)).toBe('1970-01-01T01:00:00+01:00')
    expect(await written('Africa/Abidjan', 'timestamp_s', 0n)).toBe('1970-01-01T00:00:00+00:00')
    expect(await written('utc', 'timestamp_s', 0n)).toBe('1970-01-01T00:00:00Z')
    expect(await written('-03:30', 'timestamp_s', 0n)).toBe('1969-12-31T20:30:00-03:30')
    expect(await written('Europe/Brussels', 'date', 0)).toBe('1970-01-01')
    const old = BigInt(Date.UTC(1850, 0) / 1000)
    expect(await written('Europe/Brussels', 'timestamp_s', old)).toBe(
      '1850-01-01T00:17:30+00:17:30',
    )
  })

  it('is read back the same, whatever zone it is read in', async () => {
    const zones = ['Europe/Brussels', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Monrovia']
    const types: TimestampType[] = ['timestamp_s', 'timestamp_ms', 'timestamp_us', 'timestamp_ns']
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...zones),
        fc.constantFrom(...types),
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
        fc.array(fc.bigInt({ min: -4_000_000_000n, max: 8_000_000_000n })),
        async (zone, type, any, usual) => {
          const values = [...any, ...usual].map((value) => [value])
          const schema = schemaOf(`t:${type}`)
          const frame = frameFromRows(schema, values)
          const text = await textOf(csvFormat.write(schema, [frame], { zone }))
          const lines = text.trimEnd().split('\n').slice(1)
          const opened = await openZone(zone)
          expect(lines).toEqual(values.map(([value]) => formatScalar(value!, type, opened)))
          const table = tableOf(text, { zone: 'Asia/Kolkata', dst: 'error' })
          expect(await rowsOf(csvFormat.read(table, { schema }))).toEqual(values)
        },
      ),
    )
  })
})
