import { Buffer } from 'node:buffer'
import * as arrow from 'apache-arrow'
import { BodyCompression, BufferRegion, RecordBatch } from 'apache-arrow/ipc/metadata/message'
import fc from 'fast-check'
import { compress as lz4 } from 'lz4js'
import { describe, expect, it } from 'vitest'
import { compress } from 'zstd-napi'
import type { Scalar } from '../../../src/core/column.ts'
import { VarveError } from '../../../src/core/errors.ts'
import type { InferOptions, InputTable, Reading } from '../../../src/formats/table.ts'
import { openFormat } from '../../../src/formats/table-formats.ts'
import { table } from '../../support/tables.ts'
import { faultOf, rowsOf } from '../csv/support.ts'

const format = await openFormat('arrow')

function reading(input: InputTable, said: Reading): InputTable {
  return { ...input, reading: said }
}

async function read(input: InputTable, options: InferOptions = {}) {
  const found = await format.infer(input, options)
  const types = found.schema.columns.map(({ name, type }) => `${name}:${type}`).join(' ')
  return { types, found, rows: await rowsOf(found.frames()) }
}

/** What the library writes for a table, as another program would. */
function ipc(
  columns: Record<string, arrow.Vector>,
  kind: 'stream' | 'file' = 'stream',
): Uint8Array {
  return arrow.tableToIPC(new arrow.Table(columns), kind)
}

function vector(values: readonly unknown[], type: arrow.DataType): arrow.Vector {
  return arrow.vectorFromArray(values as unknown[], type)
}

const key = vector([1n, 2n, 3n], new arrow.Int64())

/** A vector over buffers as they lie. */
function raw(type: arrow.DataType, data: ArrayBufferView, nulls?: number): arrow.Vector {
  const length = 3
  const nullBitmap = nulls === undefined ? undefined : Uint8Array.of(nulls)
  return new arrow.Vector([
    arrow.makeData({ type, length, data, nullBitmap } as unknown as arrow.Data),
  ])
}

/** Decimals as they lie in Arrow; under a null there is something, too. */
function decimals(scale: number, bits: number, numbers: readonly (bigint | null)[]): arrow.Vector {
  const bytes = Buffer.alloc((bits / 8) * numbers.length, 0x7f)
  let valid = 0
  for (const [row, number] of numbers.entries()) {
    if (number === null) continue
    valid |= 1 << row
    const unsigned = BigInt.asUintN(bits, number)
    for (let at = 0; at < bits / 8; at++) {
      bytes[(bits / 8) * row + at] = Number((unsigned >> BigInt(8 * at)) & 0xffn)
    }
  }
  const data = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4).slice()
  return raw(new arrow.Decimal(scale, 38, bits), data, valid)
}

/** A stream with its bodies compressed, as Arrow's format has it. */
function compressed(
  stream: Uint8Array,
  codec: arrow.CompressionType,
  pack: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const parts: Uint8Array[] = []
  const emit = (message: arrow.Message, body: readonly Uint8Array[]): void => {
    const metadata = arrow.Message.encode(message)
    const head = Buffer.alloc(8, 0xff)
    head.writeInt32LE(metadata.length + (-metadata.length & 7), 4)
    parts.push(head, metadata, Buffer.alloc(-metadata.length & 7), ...body)
  }
  const reader = new arrow.MessageReader(stream)
  for (let message = reader.readMessage(); message !== null; message = reader.readMessage()) {
    const header = message.header() as unknown as RecordBatch
    const body = reader.readMessageBody(message.bodyLength)
    if (!message.isRecordBatch()) {
      emit(message, [body])
      continue
    }
    const buffers: Uint8Array[] = []
    let at = 0
    const regions = header.buffers.map(({ offset, length }, i) => {
      const bytes = body.subarray(offset, offset + length)
      const prefix = Buffer.alloc(8)
      // Every other buffer is left as it is, which is a way of its own to be written down.
      prefix.writeBigInt64LE(i % 4 === 3 ? -1n : BigInt(length))
      const packed = i % 4 === 3 ? bytes : pack(bytes)
      const region = new BufferRegion(at, length === 0 ? 0 : packed.length + 8)
      if (length === 0) return region
      const padding = -packed.length & 7
      buffers.push(prefix, packed, Buffer.alloc(padding))
      at += 8 + packed.length + padding
      return region
    })
    const batch = new RecordBatch(header.length, header.nodes, regions, new BodyCompression(codec))
    emit(arrow.Message.from(batch, at), buffers)
  }
  return Buffer.concat(parts)
}

describe('reading Arrow', () => {
  it.each(['stream', 'file'] as const)('takes the types of a %s as they are', async (kind) => {
    const bytes = ipc(
      {
        k: key,
        b: vector([true, null, false], new arrow.Bool()),
        i8: vector([-128, null, 127], new arrow.Int8()),
        u16: vector([0, null, 65535], new arrow.Uint16()),
        u64: vector([0n, null, 2n ** 64n - 1n], new arrow.Uint64()),
        f32: vector([0.5, null, -0], new arrow.Float32()),
        f64: vector([0.1, null, Number.NaN], new arrow.Float64()),
        s: vector(['', null, 'é"'], new arrow.Utf8()),
        x: vector([Uint8Array.of(1), null, Uint8Array.of()], new arrow.Binary()),
        n: vector([null, null, null], new arrow.Null()),
      },
      kind,
    )

    const { types, rows } = await read(table(bytes, 'a.arrow'))

    expect(types).toBe(
      'k:int64 b:bool i8:int8 u16:uint16 u64:uint64 f32:float32 f64:float64 s:string x:binary n:null',
    )
    expect(rows).toEqual([
      [1n, true, -128, 0, 0n, 0.5, 0.1, '', Uint8Array.of(1), null],
      [2n, null, null, null, null, null, null, null, null, null],
      [3n, false, 127, 65535, 2n ** 64n - 1n, -0, Number.NaN, 'é"', Uint8Array.of(), null],
    ])
  })

  it('takes nanoseconds to the last, with a zone as instants and without one as UTC', async () => {
    const ns = BigInt64Array.of(1n, 1_786_968_000_123_456_789n, -(2n ** 63n))
    const notices: string[] = []
    const bytes = ipc({
      k: key,
      zoned: raw(new arrow.Timestamp(arrow.TimeUnit.NANOSECOND, 'Europe/Brussels'), ns),
      local: raw(new arrow.Timestamp(arrow.TimeUnit.NANOSECOND), ns.slice()),
    })

    const { types, rows, found } = await read(
      reading(table(bytes), { onNotice: (text) => notices.push(text) }),
    )

    expect(types).toBe('k:int64 zoned:timestamp_ns local:timestamp_ns')
    expect(rows.map((row) => row[1])).toEqual([...ns])
    expect(rows.map((row) => row[2])).toEqual([...ns])
    expect(found.zone).toBe('Europe/Brussels')
    expect(notices).toEqual(['no offset: read as UTC; --tz names the zone'])
  })

  it('takes times without a zone by the clocks that are named, and dates as their midnight', async () => {
    const bytes = ipc({
      k: raw(new arrow.TimestampSecond(), BigInt64Array.of(0n, 86_400n, 15_724_800n)),
      d: raw(new arrow.DateDay(), Int32Array.of(0, 1, 182)),
      ms: raw(new arrow.DateMillisecond(), BigInt64Array.of(0n, 86_400_000n, 15_724_800_000n)),
      s: vector(['1970-01-01', '1970-01-02T00:00:00Z', '1970-07-02 00:00'], new arrow.Utf8()),
    })
    const zoned = reading(table(bytes), { zone: 'America/New_York' })
    const types = new Map([
      ['d', 'timestamp_s'],
      ['ms', 'timestamp_s'],
      ['s', 'timestamp_s'],
    ] as const)

    const { rows } = await read(zoned, { types })

    expect(rows).toEqual([
      [18_000n, 18_000n, 18_000n, 18_000n],
      [104_400n, 104_400n, 104_400n, 86_400n],
      [15_739_200n, 15_739_200n, 15_739_200n, 15_739_200n],
    ])
  })

  it('takes values out of dictionaries, those that are added to and replaced too', async () => {
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8(), 7)
    const batch = (indices: number[], values: string[], nullBitmap?: Uint8Array) => {
      const dictionary = vector(values, new arrow.Utf8())
      const data = Int8Array.from(indices)
      const column = arrow.makeData({ type, length: data.length, data, dictionary, nullBitmap })
      return new arrow.RecordBatch({
        k: arrow.makeData({
          type: new arrow.Int32(),
          length: data.length,
          data: Int32Array.from(data, (_, at) => at),
        }),
        s: column,
      })
    }
    const writer = new arrow.RecordBatchStreamWriter({ autoDestroy: false })
    writer.write(batch([0, 1, 0], ['a', 'b'], Uint8Array.of(0b011)))
    writer.write(batch([2, 0], ['a', 'b', 'c']))
    writer.write(batch([0, 1], ['x', 'y']))
    writer.finish()

    const { types, rows } = await read(table(writer.toUint8Array(true)))

    expect(types).toBe('k:int32 s:string')
    expect(rows.map((row) => row[1])).toEqual(['a', 'b', null, 'c', 'a', 'x', 'y'])
  })

  it('takes text with long offsets and in views, fixed bytes, halves and dates in milliseconds', async () => {
    const long = 'more than twelve bytes, é'
    const bytes = ipc({
      k: key,
      large: vector(['a', null, long], new arrow.LargeUtf8()),
      bytes: vector([Uint8Array.of(1, 2), null, Uint8Array.of()], new arrow.LargeBinary()),
      view: vector(['twelve bytes', null, long], new arrow.Utf8View()),
      fixed: raw(new arrow.FixedSizeBinary(2), Uint8Array.of(1, 2, 0, 0, 3, 4), 0b101),
      half: raw(new arrow.Float16(), Uint16Array.of(0x3c00, 0x8000, 0x0001)),
      date: raw(new arrow.DateMillisecond(), BigInt64Array.of(0n, -86_400_000n, 86_400_000n)),
    })

    const { types, rows } = await read(table(bytes))

    expect(types).toBe(
      'k:int64 large:string bytes:binary view:string fixed:binary half:float32 date:date',
    )
    expect(rows).toEqual([
      [1n, 'a', Uint8Array.of(1, 2), 'twelve bytes', Uint8Array.of(1, 2), 1, 0],
      [2n, null, null, null, null, -0, -1],
      [3n, long, Uint8Array.of(), long, Uint8Array.of(3, 4), 2 ** -24, 1],
    ])
  })

  it('takes nothing of what lies under nulls', async () => {
    const bytes = ipc({
      k: key,
      f: raw(new arrow.Float64(), Float64Array.of(1, Number.NaN, 3), 0b101),
      i: raw(new arrow.Int64(), BigInt64Array.of(1n, 99n, 3n), 0b101),
    })

    const { found } = await read(table(bytes))
    const again = await format.infer(table(bytes), {})
    const frames = []
    for await (const frame of again.frames()) frames.push(frame)

    expect(found.schema.columns).toHaveLength(3)
    expect(frames[0]!.columns[1]!.values).toEqual(Float64Array.of(1, 0, 3))
    expect(frames[0]!.columns[2]!.values).toEqual(BigInt64Array.of(1n, 0n, 3n))
  })

  it('takes json that says that it is', async () => {
    const field = (name: string, metadata: Map<string, string>) =>
      new arrow.Field(name, new arrow.Utf8(), true, metadata)
    const schema = new arrow.Schema([
      new arrow.Field('k', new arrow.Int64()),
      field('j', new Map([['ARROW:extension:name', 'arrow.json']])),
    ])
    const text = vector(['1.10', null, '{"a" : 1}'], new arrow.Utf8())
    const bytes = arrow.tableToIPC(new arrow.Table(schema, { k: key, j: text }), 'stream')

    const { types, rows } = await read(table(bytes))

    expect(types).toBe('k:int64 j:json')
    expect(rows.map((row) => row[1])).toEqual(['1.10', null, '{"a" : 1}'])
  })

  it('takes the index that pandas wrote beside the columns', async () => {
    const pandas = (columns: unknown) =>
      arrow.tableToIPC(
        new arrow.Table(
          new arrow.Schema(
            [new arrow.Field('v', new arrow.Int64()), new arrow.Field('time', new arrow.Int64())],
            new Map([['pandas', JSON.stringify({ index_columns: columns, columns: [] })]]),
          ),
          { v: key, time: vector([4n, 5n, 6n], new arrow.Int64()) },
        ),
        'file',
      )

    const named = await read(table(pandas(['time'])))
    const range = await read(table(pandas([{ kind: 'range', start: 0, stop: 3, step: 1 }])))
    const chosen = await read(reading(table(pandas(['time'])), { columns: ['v'] }))

    expect(named.types).toBe('time:int64 v:int64')
    expect(range.types).toBe('v:int64 time:int64')
    expect(chosen.types).toBe('v:int64')
  })

  it('leaves out and renames columns, of types that no column can have too', async () => {
    const list = vector([[1], [], [2, 3]], new arrow.List(new arrow.Field('i', new arrow.Int8())))
    const bytes = ipc({ k: key, tags: list, v: vector([1, 2, 3], new arrow.Float64()) })
    const rename = new Map([['v', 'price']])

    const { types, rows } = await read(reading(table(bytes), { columns: ['k', 'v'], rename }))
    const fault = await faultOf(() => format.infer(table(bytes, 'a.arrow'), {}))

    expect(types).toBe('k:int64 price:float64')
    expect(rows).toEqual([
      [1n, 1],
      [2n, 2],
      [3n, 3],
    ])
    expect(fault.message).toBe(
      'a.arrow: expected columns of types that a series has, found lists in the column "tags"',
    )
    expect(fault.hint).toBe('leave it out: --columns k,v')
  })

  it.each([
    ['times of day (time64)', new arrow.TimeNanosecond()],
    ['durations', new arrow.DurationSecond()],
    ['decimals of 128 bits with -2 places', new arrow.Decimal(-2, 10)],
  ])('refuses %s', async (what, type) => {
    const data = what.startsWith('decimals') ? new Uint32Array(12) : new BigInt64Array(3)

    const fault = await faultOf(() => read(table(ipc({ k: key, x: raw(type, data) }))))

    expect(fault.code).toBe('bad-input')
    expect(fault.message).toContain(`found ${what} in the column "x"`)
  })

  it.each([
    [2, 128, [125n, null, -7n], 'float64', [1.25, null, -0.07]],
    [
      10,
      256,
      [-9_999_999_999_999_990_000_000_000_000_000n, null, 1n],
      'float64',
      [-999_999_999_999_999e6, null, 1e-10],
    ],
    [0, 128, [2n ** 63n - 1n, null, -(2n ** 63n)], 'int64', [2n ** 63n - 1n, null, -(2n ** 63n)]],
    [36, 128, [123_456_789_012_345n, null, 0n], 'float64', [0.123456789012345e-21, null, 0]],
  ] as const)(
    'gives decimals with %i places of %i bits as Parquet does',
    async (scale, bits, numbers, type, expected) => {
      const { types, rows } = await read(table(ipc({ k: key, x: decimals(scale, bits, numbers) })))

      expect(types).toBe(`k:int64 x:${type}`)
      expect(rows.map(([, value]) => value)).toEqual(expected)
    },
  )

  it.each([
    [4, -12_345_678_901_234_560n - 7n, '-1234567890123.4567', 'as a double it would be rounded'],
    [0, 99_999_999_999_999_999_999n, '99999999999999999999', 'it is beyond 64 bits'],
  ])('refuses a decimal that is not exact: %i places, %d', async (scale, number, found, reason) => {
    const bytes = ipc({ k: key, x: decimals(scale, 128, [1n, number, 2n]) })

    const fault = await faultOf(() => read(table(bytes, 'a.arrow')))

    expect(fault.message).toContain(`${found} in column "x" (${reason})`)
    expect(fault.data).toMatchObject({ field: 'x' })
  })

  it.each([
    ['lz4', 0],
    ['zstd', 1],
  ] as const)('takes bodies that are compressed by %s', async (name, codec) => {
    const rows = 5000
    const values = Float64Array.from({ length: rows }, (_, at) => (at % 7) / 2)
    const texts = Array.from({ length: rows }, (_, at) => `text ${at % 100}`)
    const keys = vector(
      Array.from(values, (_, at) => BigInt(at)),
      new arrow.Int64(),
    )
    const plain = ipc({
      k: keys,
      v: vector([...values], new arrow.Float64()),
      s: vector(texts, new arrow.Utf8()),
    })
    const bytes = compressed(plain, codec, name === 'zstd' ? compress : lz4)

    const { rows: found } = await read(table(bytes))

    expect(bytes.length).toBeLessThan(plain.length * 0.8)
    expect(found.map((row) => row[1])).toEqual([...values])
    expect(found.map((row) => row[2])).toEqual(texts)
  })

  it('converts to the types of a series where that is exact, and says which row is not', async () => {
    const bytes = ipc({
      k: key,
      v: vector([1, 2.5, 3], new arrow.Float64()),
      t: raw(new arrow.TimestampMillisecond(), BigInt64Array.of(1000n, 2000n, 3001n)),
    })
    const types = (v: 'float32' | 'int16', t: 'timestamp_ns' | 'timestamp_s') =>
      new Map([['v', v] as const, ['t', t] as const])

    const { rows } = await read(table(bytes), { types: types('float32', 'timestamp_ns') })
    const whole = await faultOf(() =>
      read(table(bytes, 'a.arrow'), { types: types('int16', 'timestamp_ns') }),
    )
    const coarse = await faultOf(() =>
      read(table(bytes, 'a.arrow'), { types: types('float32', 'timestamp_s') }),
    )

    expect(rows[2]).toEqual([3n, 3, 3_001_000_000n])
    expect(whole.message).toBe(
      'a.arrow, row 2, column "v": expected int16, found "2.5" (it has no exact equal)',
    )
    expect(whole.data).toMatchObject({ file: 'a.arrow', row: 2, field: 'v', value: '2.5' })
    expect(coarse.message).toContain('row 3, column "t": expected timestamp_s')
  })

  it('refuses a null and a NaN in the index, with the row', async () => {
    const none = ipc({ k: vector([1n, null, 3n], new arrow.Int64()) })
    const nan = ipc({ k: vector([1, 2, Number.NaN], new arrow.Float64()) })

    const nullFault = await faultOf(() => read(table(none, 'a.arrow')))
    const nanFault = await faultOf(() => read(table(nan, 'a.arrow')))

    expect(nullFault.message).toBe(
      'a.arrow, row 2, column "k": expected int64, found nothing (the index cannot be null)',
    )
    expect(nanFault.message).toContain('row 3, column "k": expected float64, found NaN')
  })

  it('says what is not Arrow, and where it ends too early', async () => {
    const bytes = Buffer.from(ipc({ k: key }, 'file'))
    const messages = async (input: Uint8Array) =>
      (await faultOf(() => read(table(input, 'a.arrow')))).message

    expect(await messages(Buffer.from('time,price\n1,2\n'))).toMatch(/^a.arrow: expected an Arrow/)
    expect(await messages(Buffer.alloc(0))).toContain('there is nothing in it')
    expect(await messages(Buffer.from('FEA1xxxxxxxxx'))).toContain('the first version of Feather')
    for (let length = 8; length < bytes.length; length++) {
      const fault = await faultOf(() => read(table(bytes.subarray(0, length), 'a.arrow')))
      expect(fault.message, String(length)).toMatch(/cut off/)
    }
  })

  it('believes no list at the end of a file that is larger than any', async () => {
    const stream = Buffer.from(ipc({ k: key }))
    const batches = stream.subarray(8 + stream.readInt32LE(4))
    const list = 65 * 1024 * 1024
    const end = Buffer.alloc(list + 10)
    end.writeInt32LE(list, list)
    end.write('ARROW1', list + 4, 'latin1')
    const file = Buffer.concat([Buffer.from('ARROW1\0\0'), batches, end])

    const fault = await faultOf(() => read(table(file, 'a.arrow')))

    expect(fault.message).toContain(`a list of ${list} bytes at its end`)
  })

  it('takes zeros behind the end of a stream, and nothing else there', async () => {
    const stream = Buffer.from(ipc({ k: key }))
    const padded = (byte: number) =>
      table(Buffer.concat([stream, Buffer.alloc(99), Buffer.of(byte)]))

    expect((await read(padded(0))).rows).toEqual((await read(table(stream))).rows)
    expect((await faultOf(() => read(padded(1)))).message).toContain('100 bytes follow its end')
  })

  it('believes no size that the bytes do not bear out, whatever is changed in them', async () => {
    const text = vector(['a', null, 'more than twelve bytes'], new arrow.Utf8())
    const samples = [
      ipc({ k: key, s: text, v: vector([1, null, 3], new arrow.Float64()) }, 'file'),
      ipc({
        k: key,
        s: vector(['a', null, 'b'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
      }),
      ipc({ k: key, l: vector(['a', 'b', null], new arrow.LargeUtf8()) }),
      ipc({ k: key, w: vector(['a', 'more than twelve bytes', null], new arrow.Utf8View()) }),
    ]
    const edit = fc.record({
      at: fc.nat(),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
    })
    const outcomes = { read: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.nat(samples.length - 1),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        async (sample, edits) => {
          const bytes = Buffer.from(samples[sample]!)
          for (const { at, value } of edits) bytes[at % bytes.length] = value
          try {
            const found = await format.infer(table(bytes), {})
            let rows = 0
            for await (const frame of found.frames()) rows += frame.rows
            expect(rows).toBeLessThan(10_000)
            outcomes.read++
          } catch (error) {
            if (!(error instanceof VarveError)) throw error
            expect(['bad-input', 'too-large']).toContain(error.code)
            outcomes.refused++
          }
        },
      ),
      { numRuns: 2000 },
    )
    expect(outcomes.read).toBeGreaterThan(50)
    expect(outcomes.refused).toBeGreaterThan(50)
  })
})

describe('writing Arrow', () => {
  const schema = {
    columns: [
      { name: 'time', type: 'timestamp_ns' },
      { name: 'j', type: 'json' },
      { name: 'v', type: 'float64' },
    ],
    indexCount: 1,
    duplicates: false,
  } as const

  it.each(['arrow', 'arrow-file'] as const)('as %s is what the library reads', async (name) => {
    const { frameFromRows } = await import('../../../src/core/frame.ts')
    const rows: Scalar[][] = [
      [1n, '{}', 0.5],
      [2n, null, null],
    ]
    const parts: Uint8Array[] = []
    const target = await openFormat(name)
    for await (const part of target.write(schema, [frameFromRows(schema, rows)], {
      zone: 'Asia/Tokyo',
    })) {
      parts.push(part)
    }

    const read = arrow.tableFromIPC(Buffer.concat(parts))

    expect(read.schema.fields.map((field) => String(field.type))).toEqual([
      'Timestamp<NANOSECOND, Asia/Tokyo>',
      'Utf8',
      'Float64',
    ])
    expect(read.getChild('time')!.data[0]!.values).toEqual(BigInt64Array.of(1n, 2n))
    expect(read.getChild('j')!.toJSON()).toEqual(['{}', null])
    expect(read.getChild('v')!.toJSON()).toEqual([0.5, null])
    expect(read.getChild('v')!.nullCount).toBe(1)
    expect(JSON.parse(read.schema.metadata.get('pandas')!)).toMatchObject({
      index_columns: ['time'],
      columns: [
        { name: 'time', pandas_type: 'datetimetz', metadata: { timezone: 'Asia/Tokyo' } },
        { name: 'j', pandas_type: 'unicode' },
        { name: 'v', pandas_type: 'float64' },
      ],
    })
  })
})
