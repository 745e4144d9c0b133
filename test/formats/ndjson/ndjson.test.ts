import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../../src/core/errors.ts'
import { frameFromRows } from '../../../src/core/frame.ts'
import type { Schema } from '../../../src/core/schema.ts'
import type { InferOptions, InputTable, Reading } from '../../../src/formats/table.ts'
import { openFormat } from '../../../src/formats/table-formats.ts'
import { pipe, table } from '../../support/tables.ts'
import { faultOf, rowsOf, schemaOf, textOf } from '../csv/support.ts'

const format = await openFormat('ndjson')

function input(text: string | Uint8Array, reading: Reading = {}): InputTable {
  return { ...table(text, 'a.ndjson'), reading }
}

async function inferred(given: InputTable | string, options: InferOptions = {}) {
  const found = await format.infer(typeof given === 'string' ? input(given) : given, options)
  const types = found.schema.columns.map(({ name, type }) => `${name}:${type}`).join(' ')
  return { types, sorted: found.sorted, rows: await rowsOf(found.frames()) }
}

async function read(text: string, schema: string | Schema, reading: Reading = {}) {
  const wanted = typeof schema === 'string' ? schemaOf(schema) : schema
  return rowsOf(format.read(input(text, reading), { schema: wanted }))
}

async function messageOf(text: string, schema = 'k:int64 v:float64'): Promise<string> {
  return (await faultOf(() => read(text, schema))).message
}

describe('reading NDJSON', () => {
  it('finds columns by name, in any order; what an object lacks is null', async () => {
    const text = '{"v":0.5,"k":1}\n\n  {"k" : 2 }\r\n{"k":3,"v":null}'

    expect(await read(text, 'k:int64 v:float64')).toEqual([
      [1n, 0.5],
      [2n, null],
      [3n, null],
    ])
  })

  it('takes one array of objects, on as many lines as it likes', async () => {
    const text = '\ufeff [ {"k":1,\n "v":0.5 } ,{"k":2,"v":-0}\n, {"k":3,"v":1e3}] \n'

    expect(await read(text, 'k:int64 v:float64')).toEqual([
      [1n, 0.5],
      [2n, -0],
      [3n, 1000],
    ])
    expect(await read(' [ ] ', 'k:int64 v:float64')).toEqual([])
    expect(await read('', 'k:int64 v:float64')).toEqual([])
  })

  it.each(['NaN', 'Infinity', '-Infinity'])('says how to write %s', async (word) => {
    const fault = await faultOf(() => inferred(`{"k":1,"v":1}\n{"k":2,"v":${word}}\n`))
    const { rows } = await inferred(`{"k":1,"v":1}\n{"k":2,"v":"${word}"}\n`)

    expect(fault.hint).toBe(`JSON has no ${word}: in quotes, "${word}", it is read as a number`)
    expect(rows[1]).toEqual([2n, Number(word)])
  })

  it('knows no header: the name of a column among its values is a value', async () => {
    const { types } = await inferred('{"k":1,"d":"2025-01-01"}\n{"k":2,"d":"d"}\n')

    expect(types).toBe('k:int64 d:string')
  })

  it('takes numbers digit by digit, as numbers or in quotes', async () => {
    const text = [
      '{"k":9223372036854775807,"u":18446744073709551615,"v":"NaN"}',
      '{"k":"-9223372036854775808","u":"0","v":"-inf"}',
    ].join('\n')

    expect(await read(text, 'k:int64 u:uint64 v:float64')).toEqual([
      [2n ** 63n - 1n, 2n ** 64n - 1n, Number.NaN],
      [-(2n ** 63n), 0n, -Infinity],
    ])
  })

  it('keeps what is nested to the letter, and takes escapes out of texts', async () => {
    const text =
      '{"k":1,"j":{"a" : [1.10, "\\u0041"]},"s":"\\u00e9\\n\\"\\ud83d\\ude00","x":"AQI="}\n' +
      '{"k":2,"j":12345678901234567890,"s":"","x":""}\n'

    expect(await read(text, 'k:int64 j:json s:string x:binary')).toEqual([
      [1n, '{"a" : [1.10, "\\u0041"]}', 'é\n"😀', Uint8Array.of(1, 2)],
      [2n, '12345678901234567890', '', Uint8Array.of()],
    ])
  })

  it('knows names by what they are, however they are written', async () => {
    const text = '{"k":1,"__proto__":2}\n{"\\u006b":2,"__proto__":3}\n'

    expect(await read(text, 'k:int64 __proto__:float64')).toEqual([
      [1n, 2],
      [2n, 3],
    ])
  })

  it('takes times by the clocks that are named, and says once that it took them as UTC', async () => {
    const text = '{"t":"2026-07-01T12:00"}\n{"t":"2026-07-01T12:00Z"}\n'
    const notices: string[] = []

    const utc = await read(text, 't:timestamp_s', { onNotice: (notice) => notices.push(notice) })
    const local = await read(text, schemaOf('t:timestamp_s', undefined, true), {
      zone: 'Asia/Tokyo',
    })

    expect(utc[0]![0]! as bigint).toBe(1_782_907_200n)
    expect(local[0]![0]! as bigint).toBe(1_782_907_200n - 9n * 3600n)
    expect(local[1]).toEqual(utc[1])
    expect(notices).toEqual(['no offset: read as UTC; --tz names the zone'])
  })

  it('takes the columns that are asked for, under other names, and texts for no value', async () => {
    const text = '{"k":1,"v":"NA","w":[1]}\n{"k":2,"v":-999,"w":{}}\n'
    const reading = { columns: ['k', 'v'], rename: new Map([['v', 'temp']]), nulls: ['NA', '-999'] }

    expect(await read(text, 'k:int64 temp:float64', reading)).toEqual([
      [1n, null],
      [2n, null],
    ])
    expect(await format.columns(input(text, reading))).toEqual(['k', 'temp'])
    expect(await format.columns(input(text))).toEqual(['k', 'v', 'w'])
  })

  it('leaves out columns that may be missing, where no object has them', async () => {
    const schema = schemaOf('k:int64 v:float64 w:float64')
    const text = '{"k":1}\n{"k":2,"w":3}\n'
    const once = pipe(text)

    for (const each of [input(text), once]) {
      const frames = []
      for await (const frame of format.read(each, { schema, subset: true })) frames.push(frame)
      expect(frames[0]!.schema.columns.map(({ name }) => name)).toEqual(['k', 'w'])
      expect(await rowsOf(frames)).toEqual([
        [1n, null],
        [2n, 3],
      ])
    }
  })

  it.each([
    ['{"k":1,"v":2}\n{"k":2,"v":abc}', 'a.ndjson:2:12: expected a value, found "a"'],
    [
      '{"k":1,"v":2}\n{"k":2,"v":"é","v":1}',
      'a.ndjson:2:16: expected names that differ, found a second "v"',
    ],
    ['{"k":1,"v":"x"}', 'a.ndjson:1:12: expected float64, found "x"'],
    ['{"k":1,"v":[1]}', 'a.ndjson:1:12: expected float64, found "[1]"'],
    ['{"k":1,"v":"\\u00e9"}', 'a.ndjson:1:12: expected float64, found "é"'],
    ['{"v":1}', 'a.ndjson:1:1: expected int64, found nothing (the index cannot be null)'],
    [
      '{"k":1,"w":1}',
      'a.ndjson:1:8: expected columns of the series: "k", "v", found the unknown column "w"',
    ],
    ['{"k":1}', 'a.ndjson: expected the column "v", found "k"'],
    ['{"k":1 "v":2}', 'a.ndjson:1:8: expected a comma or a closing brace, found "\\""'],
    ['{"k":1', 'a.ndjson:1:7: expected a comma or a closing brace, found the end of the line'],
    ['{"k":1}}', 'a.ndjson:1:8: expected the end of the line, found "}"'],
    ['{"k":01}', 'a.ndjson:1:6: expected a value, found "0"'],
    ['{"k":1e999}', 'a.ndjson:1:6: expected int64, found "1e999"'],
    [
      '{"k":1,"v":1e999}',
      'a.ndjson:1:12: expected float64, found "1e999" (not a number that fits float64)',
    ],
    ['{"k":1,"v":"\\x"}', 'a.ndjson:1:12: expected text with escapes that JSON has, found "\\""'],
    [
      '{"k":1,"v":"\\ud800"}',
      'a.ndjson:1:12: expected text in UTF-8, found half of a surrogate pair',
    ],
    ['{"k":1,"v":{]}}', 'a.ndjson:1:12: expected valid JSON, found "{"'],
    [
      '[{"k":1,"v":1}\n {"k":2}]',
      'a.ndjson:2:2: expected a comma or the end of the array, found "{"',
    ],
    ['[{"k":1,"v":1},\n]', 'a.ndjson:2:1: expected an object, found "]"'],
    [
      '[{"k":1,"v":1}',
      'a.ndjson:1:15: expected the closing bracket of the array, found the end of the input',
    ],
    ['[{"k":1,"v":1', 'a.ndjson:1:2: expected an object with an end, found the end of the input'],
    ['[] 1', 'a.ndjson:1:4: expected the end of the input, found "1"'],
    ['1\n', 'a.ndjson:1:1: expected an object, found "1"'],
    ['k,v\n1,2\n', 'a.ndjson:1:1: expected an object, found "k"'],
  ])('says where what is wrong: %j', async (text, message) => {
    expect(await messageOf(text)).toBe(message)
  })

  it('says where bytes are not UTF-8, and refuses numbers for bytes', async () => {
    const invalid = Uint8Array.from([...Buffer.from('{"k":1,"s":"é'), 0xff, ...Buffer.from('"}')])
    const schema = schemaOf('k:int64 s:string')

    const fault = await faultOf(() => rowsOf(format.read(input(invalid), { schema })))

    expect(fault.message).toBe('a.ndjson:1:14: expected text in UTF-8, found a byte that is not')
    expect(await messageOf('{"k":1,"x":1234}', 'k:int64 x:binary')).toBe(
      'a.ndjson:1:12: expected text, found "1234"',
    )
  })

  it('says that an object has a line of its own, where a line ends within one', async () => {
    const hintOf = async (text: string) =>
      (await faultOf(() => read(text, 'k:int64 v:float64'))).hint ?? ''

    for (const text of ['{\n"k":1}', '{"k":\n1}', '{"k":1,"v":[1,\n2]}', '{"k":1\n}']) {
      expect(await hintOf(text), text).toContain('on a line of its own')
    }
    expect(await hintOf('{"k":1 2}')).toBe('')
    expect(await hintOf('[{"k":1,"v":[1,}]')).toBe('')
  })

  it('expects a time where one is that does not exist', async () => {
    const fault = await faultOf(() => inferred('{"k":"2026-01-31T25:00:00Z","v":1}\n'))
    expect(fault.message).toContain('expected a time, found "2026-01-31T25:00:00Z"')
  })

  it('hands out the rows above a fault, and counts lines and characters across pieces', async () => {
    const good = Array.from({ length: 20_000 }, (_, at) => `{"k":${at},"s":"é${at}"}`)
    const wrong = '{"k":"x"}'
    const lines = `${good.join('\n')}\n${wrong}\n`
    const array = `[${good.join(',')},${wrong}]`
    const schema = schemaOf('k:int64 s:string')
    const expected = [
      [lines, 20_001, 6],
      [array, 1, array.length - wrong.length + 5],
    ] as const

    for (const [text, line, column] of expected) {
      const fault = await faultOf(() => rowsOf(format.read(input(text), { schema })))
      expect(fault.data).toMatchObject({ line, column, field: 'k', value: 'x' })
    }
  })

  it('ends as it should whatever is changed in it', async () => {
    const text = '{"k":1,"s":"\\u00e9 b","j":{"a":[1,{}]},"v":-0.5e3}\n{"k":2,"s":null}\n'
    const samples = [Buffer.from(text), Buffer.from(`[${text.trim().replace('\n', ',')}]`)]
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.array(
          fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]",:\\0')))),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        async (sample, edits) => {
          const bytes = Buffer.from(samples[sample]!)
          for (const [at, value] of edits) bytes[at % bytes.length] = value
          try {
            const found = await format.infer(input(bytes), {})
            await rowsOf(found.frames())
          } catch (error) {
            if (!(error instanceof VarveError)) throw error
            expect(error.code).toBe('bad-input')
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('the types of NDJSON', () => {
  it('are the narrowest for the values, and of texts those of dates and times', async () => {
    const text = [
      '{"t":"2026-01-01T00:00:00.5Z","d":"2026-01-01","i":1,"f":0.5,"b":true,"s":"1","n":null,"a":[1]}',
      '{"t":"2026-01-02","d":"2026-01-02","i":2,"f":1,"b":false,"s":"2","a":{"b":null}}',
    ].join('\n')

    const { types, sorted, rows } = await inferred(text)

    expect(types).toBe('t:timestamp_ms d:date i:float64 f:float64 b:bool s:string n:null a:json')
    expect(sorted).toBe(true)
    expect(rows[1]!.slice(2)).toEqual([2, 1, false, '2', null, '{"b":null}'])
  })

  it('keep numbers exact: whole ones beyond 2^53 as integers, beyond 64 bits as json', async () => {
    const text =
      '{"k":1,"i":9007199254740993,"u":18446744073709551615,"x":18446744073709551616}\n' +
      '{"k":2,"i":-1,"u":0,"x":1}\n'

    const { types, rows } = await inferred(text)

    expect(types).toBe('k:int64 i:int64 u:uint64 x:json')
    expect(rows[0]).toEqual([1n, 9_007_199_254_740_993n, 2n ** 64n - 1n, '18446744073709551616'])
  })

  it('of mixtures are json, or string where texts are among them', async () => {
    const text =
      '{"k":1,"m":1,"s":"a","v":0.5}\n{"k":2,"m":true,"s":1,"v":"NaN"}\n{"k":3,"m":[],"s":[1]}\n'

    const { types, rows } = await inferred(text)

    expect(types).toBe('k:int64 m:json s:string v:float64')
    expect(rows).toEqual([
      [1n, '1', 'a', 0.5],
      [2n, 'true', '1', Number.NaN],
      [3n, '[]', '[1]', null],
    ])
  })

  it('take in columns that only later objects have', async () => {
    const rows = Array.from({ length: 10_000 }, (_, at) => ({
      k: at,
      ...(at > 9000 && { late: 'x' }),
    }))
    const text = rows.map((row) => JSON.stringify(row)).join('\n')

    const { types, rows: found } = await inferred(pipe(text))

    expect(types).toBe('k:int64 late:string')
    expect(found[9000]).toEqual([9000n, null])
    expect(found[9001]).toEqual([9001n, 'x'])
  })

  it('are those that are given or known, for the columns that have some', async () => {
    const text = '{"v":"007","k":1,"w":"1"}\n'
    const known = schemaOf('k:int64 v:string')

    const given = await inferred(text, { index: ['k'], types: new Map([['v', 'int32']]) })
    const widened = await inferred(text, { known })
    const fault = await faultOf(() => inferred(text, { index: ['time'] }))

    expect(given.types).toBe('k:int64 v:int32 w:string')
    expect(widened.types).toBe('k:int64 v:string w:string')
    expect(fault.message).toBe('a.ndjson: expected the index column "time", found "v", "k", "w"')
  })

  it('need rows', async () => {
    const fault = await faultOf(() => inferred(' \n'))

    expect(fault.message).toContain('expected rows to find the types of the columns from')
    expect((await faultOf(() => inferred('{}\n'))).message).toContain('objects without a name')
  })
})

describe('writing NDJSON', () => {
  it('has numbers as numbers where JSON holds them, and one object a line', async () => {
    const schema = schemaOf(
      'k:int64 f:float64 g:float32 i:int32 t:timestamp_ms d:date s:string b:bool x:binary',
    )
    const frame = frameFromRows(schema, [
      [1n, -0, Math.fround(0.1), -5, 1_782_907_200_250n, 0, 'a"\u2028\n', true, Uint8Array.of(1)],
      [2n, Number.NaN, null, null, null, null, '', false, null],
    ])

    const text = await textOf(format.write(schema, [frame], { zone: 'Asia/Tokyo' }))

    expect(text).toBe(
      '{"k":"1","f":-0,"g":0.1,"i":-5,"t":"2026-07-01T21:00:00.25+09:00","d":"1970-01-01",' +
        '"s":"a\\"\\u2028\\n","b":true,"x":"AQ=="}\n' +
        '{"k":"2","f":"NaN","g":null,"i":null,"t":null,"d":null,"s":"","b":false,"x":null}\n',
    )
  })
})
