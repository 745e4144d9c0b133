import { decompress } from 'zstd-napi'

// A reader of encoded columns, written from docs/format/encodings.md alone, simple before fast. It gives
// back what docs/format/column.md describes.

type Bytes = Buffer<ArrayBufferLike>

/** Fields and streams, whichever way they are packed. */
class Parts {
  #at = 0
  readonly #data: Bytes
  readonly #joined: boolean
  constructor(data: Bytes, joined: boolean) {
    this.#data = data
    this.#joined = joined
  }
  bytes(length: number): Bytes {
    if (this.#at + length > this.#data.length) throw new Error('it ends too early')
    this.#at += length
    return this.#data.subarray(this.#at - length, this.#at)
  }
  u8 = (): number => this.bytes(1)[0]!
  varint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  count = (): number => Number(this.varint())
  signed = (): bigint => unzigzag(this.varint())
  rest = (): Bytes => this.bytes(this.#data.length - this.#at)
  stream(length: number): Bytes {
    if (length === 0 || this.#joined) return this.bytes(length)
    const head = this.count()
    if (head === 0) return this.bytes(length)
    if (head === 1) return Buffer.alloc(length, this.u8())
    if (head === 2) return uncode(new Parts(this.bytes(this.count()), false), length)
    if (head === 3) return this.sparse(length)
    return unframe(this.bytes(head), length)
  }
  sparse(length: number): Bytes {
    const stream = Buffer.alloc(length, this.u8())
    const others = this.count()
    for (let i = 0, at = 0; i < others; i++, at++) {
      at += this.count()
      stream.writeUInt8(this.u8(), at)
    }
    return stream
  }
}

const unzigzag = (value: bigint): bigint => (value & 1n ? -(value + 1n) / 2n : value / 2n)

function unframe(tail: Bytes, length: number): Bytes {
  const bytes = decompress(Buffer.concat([Buffer.from('28b52ffd', 'hex'), tail]))
  if (bytes.length !== length) throw new Error('a frame of another length')
  return bytes
}

function uncode(code: Parts, length: number): Bytes {
  const count = code.u8() + 1
  const listed = code.bytes(count <= 32 ? count : 32)
  const there =
    count <= 32
      ? [...listed]
      : Array.from({ length: 256 }, (_, i) => i).filter((i) => listed[i >> 3]! & (1 << (i & 7)))
  const shares = there.slice(1).map(() => code.count())
  shares.push(4096 - shares.reduce((sum, share) => sum + share, 0))
  const slots = shares.flatMap((share, i) =>
    Array.from({ length: share }, (_, p) => ({ byte: there[i]!, share, p })),
  )
  const states = Array.from({ length: 4 }, () => code.bytes(4).readUInt32LE())
  const stream = Buffer.alloc(length)
  for (let i = 0; i < length; i++) {
    const x = states[i % 4]!
    const { byte, share, p } = slots[x % 4096]!
    stream[i] = byte
    const next = share * Math.floor(x / 4096) + p
    states[i % 4] = next < 65_536 ? next * 65_536 + code.bytes(2).readUInt16LE() : next
  }
  if (states.some((x) => x !== 65_536) || code.rest().length > 0) throw new Error('a bad code')
  return stream
}

const WIDTHS = [0, 0, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 4, 8, 8, 8, 8]

export function decodeColumnBody(body: Bytes): Bytes {
  const outside = new Parts(body, false)
  const head = outside.u8()
  const rows = outside.count()
  let parts = outside
  if (head & 0x40) {
    const length = outside.count()
    parts = new Parts(unframe(outside.rest(), length), true)
  }
  const type = head & 0x1f
  const hasNulls = (head & 0x20) !== 0
  const header = Buffer.alloc(8)
  header[0] = type
  header[1] = hasNulls ? 1 : 0
  header.writeUInt32LE(rows, 4)
  const valid = hasNulls ? readBits(parts, rows) : Array.from({ length: rows }, () => true)
  const bitmap = Buffer.alloc(hasNulls ? 8 * Math.ceil(rows / 64) : 0)
  if (hasNulls) setBits(bitmap, valid)
  const m = valid.filter(Boolean).length
  const width = WIDTHS[type]!
  const whole: Bytes[] = [header, bitmap]
  if (type === 1) {
    const bits = m === 0 ? [] : readBits(parts, m)
    const values = Buffer.alloc(Math.ceil(rows / 8))
    let next = 0
    setBits(
      values,
      valid.map((has) => has && bits[next++]!),
    )
    whole.push(values)
  } else if (type >= 17) {
    const values = m === 0 ? [] : readTexts(parts, m)
    let next = 0
    const texts = valid.map((has) => (has ? values[next++]! : Buffer.alloc(0)))
    const offsets = Buffer.alloc(4 * (rows + 1))
    let end = 0
    texts.forEach((text, i) => {
      end += text.length
      offsets.writeUInt32LE(end, 4 * (i + 1))
    })
    whole.push(offsets, ...texts)
  } else {
    const values = m === 0 ? [] : readValues(parts, type, width, m)
    let next = 0
    whole.push(...valid.map((has) => (has ? values[next++]! : Buffer.alloc(width))))
  }
  if (parts.rest().length > 0) throw new Error('something follows')
  return Buffer.concat(whole)
}

function setBits(target: Bytes, bits: boolean[]): void {
  bits.forEach((bit, i) => {
    if (bit) target[i >> 3]! |= 1 << (i & 7)
  })
}

function readBits(parts: Parts, count: number): boolean[] {
  const form = parts.u8()
  if (form === 0) {
    const bytes = parts.stream(Math.ceil(count / 8))
    return Array.from({ length: count }, (_, i) => ((bytes[i >> 3]! >> (i & 7)) & 1) === 1)
  }
  const lengths = readIntegers(parts, parts.count() + 1)
  return lengths.flatMap((length, run) =>
    Array.from({ length: Number(length) }, () => (run % 2 === 0) === (form === 2)),
  )
}

/** Whole numbers from −2^63 to 2^63 − 1; of uint64 the upper half is negative. */
function readIntegers(parts: Parts, m: number): bigint[] {
  const form = parts.u8()
  const planeCount = (form >> 2) & 7
  const f = form & 0x40 ? parts.bytes(8).readBigInt64LE() : parts.signed()
  const g = form & 0x20 ? parts.varint() : 1n
  const s = form & 0x80 ? parts.signed() : 0n
  const rest = (form & 3) === 3 ? parts.u8() : form & 3
  const order = rest & 3
  const b = rest >> 2
  const count = Math.max(0, m - order)
  const planes = Array.from({ length: planeCount }, () => parts.stream(count))
  const low = parts.stream(Math.ceil((b * count) / 8))
  const bit = (i: number): bigint => BigInt((low[i >> 3]! >> (i & 7)) & 1)
  const r = Array.from({ length: count }, (_, i) => {
    let value = planes.reduce((above, plane) => above * 256n + BigInt(plane[i]!), 0n)
    for (let k = b - 1; k >= 0; k--) value = 2n * value + bit(b * i + k)
    return value
  }).map((value) => (order === 0 ? value : unzigzag(value)))
  const v: bigint[] = []
  for (let i = 0; i < m; i++) {
    if (order === 0) v.push(f + g * (s * BigInt(i) + r[i]!))
    else if (i === 0) v.push(f)
    else if (order === 1) v.push(v[i - 1]! + g * (s + r[i - 1]!))
    else if (i === 1) v.push(f + g * s)
    else v.push(2n * v[i - 1]! - v[i - 2]! + g * r[i - 2]!)
  }
  return v.map((value) => BigInt.asIntN(64, value))
}

function readValues(parts: Parts, type: number, width: number, m: number): Bytes[] {
  const encoding = parts.u8()
  if (encoding === 1) {
    return readIntegers(parts, m).map((value) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64LE(value)
      return bytes.subarray(0, width)
    })
  }
  if (encoding === 2) return readDecimals(parts, type, width, m)
  if (encoding === 4) {
    const size = parts.count() + 1
    const entries = readValues(parts, type, width, size)
    return readCodes(parts, size, m).map((code) => entries[code]!)
  }
  if (encoding !== 3 && encoding !== 5) throw new Error(`encoding ${encoding}`)
  const steps = encoding === 5 ? parts.u8() : 0
  const planes = Array.from({ length: width }, (_, k) => {
    const plane = Buffer.from(parts.stream(m))
    if (steps & (1 << k)) for (let i = 1; i < m; i++) plane[i] = plane[i]! + plane[i - 1]!
    return plane
  }).reverse()
  return Array.from({ length: m }, (_, i) => Buffer.from(planes.map((plane) => plane[i]!)))
}

function readDecimals(parts: Parts, type: number, width: number, m: number): Bytes[] {
  const power = 10 ** parts.u8()
  const x = parts.count()
  const places = x > 0 ? readIntegers(parts, x).map(Number) : []
  const exceptions = parts.stream(x * width)
  const values = readIntegers(parts, m).map((k): Bytes => {
    const bytes = Buffer.alloc(width)
    if (type === 11) bytes.writeDoubleLE(Number(k) / power)
    else bytes.writeFloatLE(Number(k) / power)
    return bytes
  })
  places.forEach((place, i) => {
    values[place] = exceptions.subarray(i * width, (i + 1) * width)
  })
  return values
}

function readCodes(parts: Parts, size: number, m: number): number[] {
  if (size === 1) return Array.from({ length: m }, () => 0)
  const high = size > 256 ? parts.stream(m) : Buffer.alloc(m)
  const low = parts.stream(m)
  return Array.from({ length: m }, (_, i) => high[i]! * 256 + low[i]!)
}

function readTexts(parts: Parts, m: number): Bytes[] {
  const form = parts.u8()
  if (form === 2) {
    const size = parts.count() + 1
    const entries = readTexts(parts, size)
    return readCodes(parts, size, m).map((code) => entries[code]!)
  }
  const shared = form === 1 ? readIntegers(parts, m).map(Number) : undefined
  const more = readIntegers(parts, m).map(Number)
  const rest = parts.stream(more.reduce((sum, length) => sum + length, 0))
  const texts: Bytes[] = []
  let at = 0
  for (let i = 0; i < m; i++) {
    const added = rest.subarray(at, at + more[i]!)
    at += more[i]!
    const before = shared && i > 0 ? texts[i - 1]!.subarray(0, shared[i]) : Buffer.alloc(0)
    texts.push(Buffer.concat([before, added]))
  }
  return texts
}
