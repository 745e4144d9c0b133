import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { formatSchemaText } from '../../src/core/schema-codec.ts'
import type { InputTable, Reading, TypedColumn, TypedTable } from '../../src/formats/table.ts'
import { typedFormat } from '../../src/formats/typed-table.ts'
import { faultOf, rowsOf, schemaOf } from './csv/support.ts'

const opened = { tables: 0 }

/** A table of three columns, in two batches. */
function input(reading: Reading = {}, said: Partial<TypedTable> = {}): InputTable {
  const columns: TypedColumn[] = [
    { name: 'v', type: 'float64' },
    { name: 'time', type: 'timestamp_s', local: true },
    { name: 'id', type: 'int64' },
  ]
  const values = new Map([
    ['v', [[0.5, 1], [2]]],
    ['time', [[0n, 3600n], [7200n]]],
    ['id', [[1n, 2n], [3n]]],
  ])
  return {
    name: 't.any',
    reading,
    // biome-ignore lint/correctness/useYield: it is never read.
    async *open() {
      throw new Error('bytes were asked for')
    },
    async typed() {
      opened.tables++
      let isOpen = true
      return {
        columns,
        async *batches(names) {
          for (const batch of [0, 1]) {
            yield names.map((name) =>
              columnOf(columns.find((c) => c.name === name)!.type, values.get(name)![batch]!),
            )
          }
        },
        async close() {
          if (isOpen) opened.tables--
          isOpen = false
        },
        ...said,
      }
    },
  }
}

const format = typedFormat(({ typed }) => typed!())

async function inferred(given: InputTable, options: Parameters<typeof format.infer>[1] = {}) {
  const found = await format.infer(given, options)
  const { schema } = found
  const text = `${formatSchemaText(schema)}, ${schema.indexCount}, ${schema.duplicates}`
  return { text, rows: await rowsOf(found.frames()), zone: found.zone }
}

describe('a table that says its types itself', () => {
  it('has as index its first column, what it names, what is asked for, or what is known', async () => {
    const index = ['time', 'id']
    const known = schemaOf('id:int32 v:float64', ['id'], true)

    expect((await inferred(input())).text).toBe('v:float64 time:timestamp_s id:int64, 1, false')
    const own = await inferred(input({}, { index, duplicates: true, zone: 'Asia/Tokyo' }))
    expect(own.text).toBe('time:timestamp_s id:int64 v:float64, 2, true')
    expect(own.zone).toBe('Asia/Tokyo')
    expect((await inferred(input({}, { index }), { index: ['id'] })).text).toBe(
      'id:int64 v:float64 time:timestamp_s, 1, false',
    )
    expect((await inferred(input({}, { index }), { known })).text).toBe(
      'id:int32 v:float64 time:timestamp_s, 1, true',
    )
    expect(opened.tables).toBe(0)
  })

  it('is read under the columns and the names that are wanted', async () => {
    const reading = { columns: ['id', 'v'], rename: new Map([['v', 'price']]) }

    const found = await inferred(input(reading, { index: ['id', 'time'] }))

    expect(await format.columns(input(reading))).toEqual(['id', 'price'])
    expect(found.text).toBe('id:int64 price:float64, 1, false')
    expect(found.rows).toEqual([
      [1n, 0.5],
      [2n, 1],
      [3n, 2],
    ])
    expect(opened.tables).toBe(0)
  })

  it('is converted to a schema, with the row in what is refused', async () => {
    const schema = schemaOf('id:float32 v:int8', ['id'])
    const given = input({ columns: ['v', 'id'] })

    const fault = await faultOf(() => rowsOf(format.read(given, { schema })))

    expect(fault.message).toBe(
      't.any, row 1, column "v": expected int8, found "0.5" (it has no exact equal)',
    )
    expect(opened.tables).toBe(0)
  })

  it('may lack value columns where that is said, and has no others', async () => {
    const wide = schemaOf('id:int64 w:bool v:float64 time:timestamp_s', ['id'])
    const narrow = schemaOf('id:int64 v:float64 times:timestamp_s', ['id'])
    const read = (schema: typeof wide, subset: boolean) =>
      rowsOf(format.read(input(), { schema, subset }))

    expect((await read(wide, true))[0]).toEqual([1n, 0.5, 0n])
    expect((await faultOf(() => read(wide, false))).message).toBe(
      't.any: expected the column "w", found "v", "time", "id"',
    )
    const unknown = await faultOf(() => read(narrow, true))
    expect(unknown.message).toBe(
      't.any: expected columns of the series: "id", "v", "times", found the unknown column "time"',
    )
    expect(unknown.hint).toBe('did you mean "times"?')
    expect(opened.tables).toBe(0)
  })

  it('has local times of the zone that is named, the same table through', async () => {
    const zone = 'Europe/Brussels'
    const notices: string[] = []
    const onNotice = (text: string): number => notices.push(text)

    const zoned = await inferred(input({ zone, onNotice }), { index: ['time'] })
    const utc = await inferred(input({ onNotice }), { index: ['time'] })

    expect(zoned.rows.map(([time]) => time)).toEqual([-3600n, 0n, 3600n])
    expect(utc.rows.map(([time]) => time)).toEqual([0n, 3600n, 7200n])
    expect(notices).toEqual(['no offset: read as UTC; --tz names the zone'])
  })

  it('is let go of when its rows are not wanted', async () => {
    const found = await format.infer(input(), {})
    expect(opened.tables).toBe(1)

    await found.discard()

    expect(opened.tables).toBe(0)
  })
})
