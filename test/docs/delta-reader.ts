import { Decompressor } from 'zstd-napi'
import { decodeColumnBody } from './encoding-reader.ts'

// A reader of differences, written from docs/format/delta.md alone, simple before fast.

type Bytes = Buffer<ArrayBufferLike>

const WIDTHS = [0, 0, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 4, 8, 8, 8, 8]
const isText = (type: number): boolean => type >= 17

class Fields {
  at = 0
  readonly data: Bytes
  constructor(data: Bytes) {
    this.data = data
  }
  bytes(length: number): Bytes {
    if (this.at + length > this.data.length) throw new Error('it ends too early')
    this.at += length
    return this.data.subarray(this.at - length, this.at)
  }
  rest = (): Bytes => this.bytes(this.data.length - this.at)
  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes(1)[0]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  operations(): [kept: number, left: number, put: number][] {
    return Array.from({ length: this.varint() }, () => [
      this.varint(),
      this.varint(),
      this.varint(),
    ])
  }
}

export function applyDifference(method: number, kind: string, body: Bytes, base: Bytes): Bytes {
  if (method === 3) return applyBytes(body, base)
  if (method === 4) return joinRows(base[0]!, applyRows(body, base))
  if (method === 6) return joinRows(base[0]!, multiplyRows(body, base))
  const isColumn = kind === 'column' && isText(base[0]!)
  const dictionary = Buffer.concat([Buffer.of(0), isColumn ? offsets(base, -1) : base])
  const reader = new Decompressor()
  reader.loadDictionary(dictionary)
  const bytes = reader.decompress(body)
  return isColumn ? offsets(bytes, 1) : bytes
}

function applyBytes(body: Bytes, base: Bytes): Bytes {
  const fields = new Fields(body)
  const operations = fields.operations()
  const parts: Bytes[] = []
  let at = 0
  for (const [kept, left, put] of operations) {
    parts.push(base.subarray(at, at + kept), fields.bytes(put))
    at += kept + left
  }
  return Buffer.concat([...parts, base.subarray(at)])
}

/** Offsets as differences to the ones before, or back. */
function offsets(column: Bytes, sign: 1 | -1): Bytes {
  const result = Buffer.from(column)
  const rows = column.readUInt32LE(4)
  const start = 8 + (column[1] === 1 ? 8 * Math.ceil(rows / 64) : 0)
  let before = 0
  for (let row = 0; row <= rows; row++) {
    const value = column.readUInt32LE(start + 4 * row)
    const changed = (value + sign * before) >>> 0
    result.writeUInt32LE(changed, start + 4 * row)
    before = sign === 1 ? changed : value
  }
  return result
}

/** A row: its bytes; null where it has no value. Of a bool one byte. */
type Row = Bytes | null

function rowsOf(column: Bytes): Row[] {
  const type = column[0]!
  const rows = column.readUInt32LE(4)
  const hasNulls = column[1] === 1
  const start = 8 + (hasNulls ? 8 * Math.ceil(rows / 64) : 0)
  const bit = (at: number, row: number): number => (column[at + (row >> 3)]! >> (row & 7)) & 1
  return Array.from({ length: rows }, (_, row) => {
    if (hasNulls && bit(8, row) === 0) return null
    if (type === 1) return Buffer.of(bit(start, row))
    if (!isText(type)) {
      return column.subarray(start + row * WIDTHS[type]!, start + (row + 1) * WIDTHS[type]!)
    }
    const values = start + 4 * (rows + 1)
    const from = column.readUInt32LE(start + 4 * row)
    return column.subarray(values + from, values + column.readUInt32LE(start + 4 * row + 4))
  })
}

function joinRows(type: number, rows: Row[]): Bytes {
  const head = Buffer.alloc(8)
  head[0] = type
  head.writeUInt32LE(rows.length, 4)
  const hasNulls = rows.includes(null)
  if (hasNulls) head[1] = 1
  const bits = (of: (row: Row) => boolean, length: number): Bytes => {
    const bytes = Buffer.alloc(length)
    rows.forEach((row, i) => {
      if (of(row)) bytes[i >> 3]! |= 1 << (i & 7)
    })
    return bytes
  }
  const parts: Bytes[] = [head]
  if (hasNulls) parts.push(bits((row) => row !== null, 8 * Math.ceil(rows.length / 64)))
  if (type === 1) parts.push(bits((row) => row?.[0] === 1, Math.ceil(rows.length / 8)))
  else if (isText(type)) {
    const ends = Buffer.alloc(4 * (rows.length + 1))
    let at = 0
    rows.forEach((row, i) => {
      at += row?.length ?? 0
      ends.writeUInt32LE(at, 4 * i + 4)
    })
    parts.push(ends, ...rows.map((row) => row ?? Buffer.alloc(0)))
  } else parts.push(...rows.map((row) => row ?? Buffer.alloc(WIDTHS[type]!)))
  return Buffer.concat(parts)
}

function applyRows(body: Bytes, column: Bytes): Row[] {
  const base = rowsOf(column)
  const type = column[0]!
  const fields = new Fields(body)
  const operations = fields.operations()
  const total = operations.reduce((sum, [, , put]) => sum + put, 0)
  const result: Row[] = []
  let at = 0
  const read = total === 0 ? undefined : putReader(fields, type, total)
  for (const [kept, left, put] of operations) {
    result.push(...base.slice(at, at + kept))
    for (let i = 0; i < put; i++) result.push(read!(i < left ? base[at + kept + i]! : null, result))
    at += kept + left
  }
  return [...result, ...base.slice(at)]
}

function multiplyRows(body: Bytes, column: Bytes): Row[] {
  const fields = new Fields(body)
  const rows = rowsOf(column)
  const decimals = fields.bytes(1)[0]!
  const factor = fields.bytes(8).readDoubleLE()
  const from = fields.varint()
  const count = fields.varint()
  for (let row = from; row < from + count; row++) {
    const value = rows[row]?.readDoubleLE()
    if (value === undefined || value === 0 || Number.isNaN(value)) continue
    const product = value * factor
    const power = 10 ** decimals
    const made = decimals === 255 ? product : Math.floor(product * power + 0.5) / power
    rows[row] = floatBytes(11, made)
  }
  let row = from
  for (let i = fields.varint(); i > 0; i--) {
    row += fields.varint()
    rows[row] = fields.bytes(8)
  }
  return rows
}

/** Gives the next row put in, for the row that it stands in place of and the rows before it. */
function putReader(fields: Fields, type: number, total: number): (old: Row, made: Row[]) => Row {
  const [head] = fields.bytes(1)
  const form = head! & 3
  const width = WIDTHS[type]!
  let next = 0
  if (form === 1) {
    fields.varint()
    const rows = rowsOf(decodeColumnBody(fields.rest()))
    return () => rows[next++]!
  }
  const valid = head! & 4 ? fields.bytes(Math.ceil(total / 8)) : undefined
  const has = (row: number): boolean =>
    valid === undefined || ((valid[row >> 3]! >> (row & 7)) & 1) === 1
  if (form === 0) {
    if (type === 1) {
      const bits = fields.rest()
      return () => {
        const row = next++
        return has(row) ? Buffer.of((bits[row >> 3]! >> (row & 7)) & 1) : null
      }
    }
    const lengths = Array.from({ length: total }, () => (isText(type) ? fields.varint() : width))
    return () => {
      const row = next++
      const value = fields.bytes(lengths[row]!)
      return has(row) ? value : null
    }
  }
  const linear = (head! & 8) !== 0
  const exponent = head! >> 4
  const without = new Map<number, Bytes>()
  let steps: Row[] = []
  if (form === 3) {
    let row = 0
    for (let i = fields.varint(); i > 0; i--) {
      row += fields.varint()
      without.set(row, fields.bytes(width))
    }
    steps = rowsOf(decodeColumnBody(fields.rest()))
  }
  return (old, made) => {
    const row = next++
    if (!has(row)) return null
    let step: number
    if (form === 2) {
      const code = fields.varint()
      if (code === 0) return fields.bytes(width)
      step = code % 2 === 1 ? (code - 1) / 2 : -code / 2
    } else {
      const value = without.get(row)
      if (value !== undefined) return value
      step = steps[row]!.readDoubleLE(0)
    }
    const zero = Buffer.alloc(width)
    if (old !== null) return stepFrom(type, exponent, old, step)
    const before = made.length > 0 ? (made.at(-1) ?? zero) : zero
    if (linear && made.length > 1) {
      step += stepBetween(type, exponent, made.at(-2) ?? zero, before)
    }
    return stepFrom(type, exponent, before, step)
  }
}

const isFloat = (type: number): boolean => type === 10 || type === 11
const isSigned = (type: number): boolean => type <= 5 || type >= 12

function float(type: number, bytes: Bytes): number {
  return type === 11 ? bytes.readDoubleLE(0) : bytes.readFloatLE(0)
}

function whole(type: number, exponent: number, bytes: Bytes): number {
  const k = Math.floor(float(type, bytes) * 10 ** exponent + 0.5)
  return k < 2 ** 51 && k > -(2 ** 51) ? k : 0
}

function integer(type: number, bytes: Bytes): bigint {
  const value = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
  return isSigned(type) ? BigInt.asIntN(8 * bytes.length, value) : value
}

function floatBytes(type: number, value: number): Bytes {
  const bytes = Buffer.alloc(WIDTHS[type]!)
  if (type === 11) bytes.writeDoubleLE(value)
  else bytes.writeFloatLE(value)
  return bytes
}

function stepFrom(type: number, exponent: number, origin: Bytes, step: number): Bytes {
  if (isFloat(type))
    return floatBytes(type, (whole(type, exponent, origin) + step) / 10 ** exponent)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, integer(type, origin) + BigInt(step)))
  return bytes.subarray(0, origin.length)
}

function stepBetween(type: number, exponent: number, from: Bytes, to: Bytes): number {
  if (isFloat(type)) {
    const k = whole(type, exponent, to)
    if (!floatBytes(type, k / 10 ** exponent).equals(to)) return 0
    const step = k - whole(type, exponent, from)
    return Math.abs(step) < 2 ** 51 ? step : 0
  }
  if (from.length === 8) {
    const upper = BigInt.asIntN(32, (integer(type, to) >> 32n) - (integer(type, from) >> 32n))
    if (upper >= 2n ** 19n || upper < -(2n ** 19n)) return 0
    return Number(
      upper * 2n ** 32n + (integer(type, to) & 0xffffffffn) - (integer(type, from) & 0xffffffffn),
    )
  }
  return Number(integer(type, to) - integer(type, from))
}
