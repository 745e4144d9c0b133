import { bitmapBytes, lastByteMask, setBit } from './bits.ts'
import {
  type Column,
  type ColumnType,
  columnTypeCodes,
  isBytesType,
  type Scalar,
} from './column.ts'
import { canonicaliseNaN, firstInvalidText } from './column-check.ts'
import {
  halvesOf,
  MAX_U32,
  MAX_VALUE_BYTES,
  newValues,
  rawColumn,
  valueWidth,
} from './column-layout.ts'
import { VarveError } from './errors.ts'
import { checkScalar } from './scalar.ts'

// A switch over small numbers is a jump; over texts it is a chain of comparisons.
const {
  int8: INT8,
  int16: INT16,
  int32: INT32,
  uint8: UINT8,
  uint16: UINT16,
  uint32: UINT32,
  float32: FLOAT32,
  float64: FLOAT64,
  date: DATE,
} = columnTypeCodes

const SHORT = 24
// Shared: ten thousand builders would otherwise hold a hundred thousand empty arrays.
const NO_BYTES = new Uint8Array(0)
const NO_HALVES = new Uint32Array(0)
const NO_I8 = new Int8Array(0)
const NO_I16 = new Int16Array(0)
const NO_I32 = new Int32Array(0)
const NO_U16 = new Uint16Array(0)
const NO_F32 = new Float32Array(0)
const NO_F64 = new Float64Array(0)
const NO_I64 = new BigInt64Array(0)
const encoder = new TextEncoder()

/**
 * Collects the values of one column and makes it canonical. `append` checks; the typed appends are
 * for hot loops and trust their caller: the value must fit the type.
 */
export class ColumnBuilder {
  readonly type: ColumnType
  readonly #code: number
  #length = 0
  #capacity = 0
  /** Set bits are nulls; as long as its content needs. Undefined until there is one. */
  #nulls: Uint8Array | undefined
  #hasNaN = false
  // One of these holds the values, so that each store in a hot loop sees one kind of array.
  #i8: Int8Array = NO_I8
  #i16: Int16Array = NO_I16
  #i32: Int32Array = NO_I32
  #u8: Uint8Array = NO_BYTES
  #u16: Uint16Array = NO_U16
  #u32: Uint32Array = NO_HALVES
  #f32: Float32Array = NO_F32
  #f64: Float64Array = NO_F64
  #wide: BigInt64Array = NO_I64
  /** The wide values as halves, low first. */
  #halves: Uint32Array = NO_HALVES
  /** Bytes of string, binary, json; bits of bool. */
  #bytes: Uint8Array = NO_BYTES
  #byteCount = 0
  /** `length + 1` offsets of string, binary, json. */
  #offsets: Uint32Array = NO_HALVES

  constructor(type: ColumnType, capacity = 64) {
    this.type = type
    this.#code = columnTypeCodes[type]
    this.#allocate(Math.max(capacity, 8))
  }

  /** Rows so far. */
  get length(): number {
    return this.#length
  }

  /** Bytes that the values take so far: their offsets included, nulls' bitmap and header not. */
  get byteLength(): number {
    if (isBytesType(this.type)) return this.#byteCount + 4 * (this.#length + 1)
    if (this.type === 'bool') return bitmapBytes(this.#length)
    return this.#length * valueWidth(this.type)
  }

  /** Makes room for more rows at once, where it is known how many come. */
  reserve(rows: number): void {
    const needed = this.#length + rows
    if (needed <= this.#capacity) return
    if (needed > MAX_U32) throw tooLarge('a column has more than 2^32 − 1 rows', needed)
    this.#grow(Math.min(MAX_U32, Math.max(8, needed, this.#capacity * 2)))
  }

  appendNull(): void {
    const row = this.#next()
    switch (this.type) {
      case 'null':
        return
      case 'bool':
        if ((row & 7) === 0) this.#bytes[row >> 3] = 0
        break
      case 'string':
      case 'binary':
      case 'json':
        this.#offsets[row + 1] = this.#byteCount
        break
      case 'int64':
      case 'uint64':
      case 'timestamp_s':
      case 'timestamp_ms':
      case 'timestamp_us':
      case 'timestamp_ns':
        this.#halves[2 * row] = 0
        this.#halves[2 * row + 1] = 0
        break
      default:
        this.#storeNumber(row, 0)
    }
    if (this.#nulls === undefined || row >> 3 >= this.#nulls.length) {
      const nulls = new Uint8Array(bitmapBytes(this.#capacity))
      if (this.#nulls !== undefined) nulls.set(this.#nulls)
      this.#nulls = nulls
    }
    setBit(this.#nulls, row)
  }

  /** Any value; `invalid-value` unless it is of the type and in its range. Null is a null. */
  append(value: Scalar): void {
    if (value === null) {
      this.appendNull()
      return
    }
    checkScalar(value, this.type)
    if (typeof value === 'bigint') this.appendBigInt(value)
    else if (typeof value === 'number') this.appendNumber(value)
    else if (typeof value === 'boolean') this.appendBool(value)
    else if (typeof value === 'string') this.appendText(value)
    else this.appendBytes(value, 0, value.length)
  }

  /**
   * A number of a type up to 32 bits, a float (rounded to the nearest float32), a date; or a whole
   * number up to 2^53 of a 64-bit type.
   */
  appendNumber(value: number): void {
    this.#storeNumber(this.#next(), value)
  }

  /** A value of a 64-bit type. */
  appendBigInt(value: bigint): void {
    // In this order: #next may replace the array.
    const row = this.#next()
    this.#wide[row] = value
  }

  /** A value of a 64-bit type from its two 32-bit halves. */
  appendInt64(low: number, high: number): void {
    const at = 2 * this.#next()
    this.#halves[at] = low
    this.#halves[at + 1] = high
  }

  /** Values of a column of doubles, none of which is NaN. */
  appendDoubles(values: Float64Array): void {
    this.reserve(values.length)
    this.#f64.set(values, this.#length)
    this.#length += values.length
  }

  /** Values of a 64-bit type. */
  appendInt64s(values: BigInt64Array): void {
    this.reserve(values.length)
    this.#wide.set(values, this.#length)
    this.#length += values.length
  }

  appendBool(value: boolean): void {
    const row = this.#next()
    if ((row & 7) === 0) this.#bytes[row >> 3] = value ? 1 : 0
    else if (value) setBit(this.#bytes, row)
  }

  /** Bytes of a string, binary or json value; that text is valid UTF-8 is checked by `finish`. */
  appendBytes(source: Uint8Array, start: number, end: number): void {
    const count = end - start
    const row = this.#nextBytes(count)
    const bytes = this.#bytes
    let at = this.#byteCount
    if (count <= SHORT) {
      for (let i = start; i < end; i++) bytes[at++] = source[i]!
    } else {
      bytes.set(source.subarray(start, end), at)
    }
    this.#byteCount += count
    this.#offsets[row + 1] = this.#byteCount
  }

  /** Well-formed text of a string or json value. */
  appendText(text: string): void {
    const bytes = encoder.encode(text)
    this.appendBytes(bytes, 0, bytes.length)
  }

  /**
   * The column; the builder is empty afterwards and can be used again. `invalid-value`, with the
   * row in `data`, when text is not valid UTF-8.
   */
  finish(): Column {
    const length = this.#length
    const validity = this.#validity()
    if (this.type === 'null') {
      this.reset()
      return rawColumn('null', length, NO_BYTES, undefined)
    }
    if (isBytesType(this.type)) {
      const values = this.#bytes.slice(0, this.#byteCount)
      const offsets = this.#offsets.slice(0, length + 1)
      const invalid = this.type === 'binary' ? -1 : firstInvalidText(values, offsets, length)
      if (invalid !== -1) {
        throw new VarveError('invalid-value', 'text is not valid UTF-8', { data: { row: invalid } })
      }
      this.reset()
      return rawColumn(this.type, length, values, validity, offsets)
    }
    if (this.type === 'bool') {
      const bits = this.#bytes.slice(0, bitmapBytes(length))
      this.reset()
      return rawColumn('bool', length, bits, validity)
    }
    const store = this.#store()
    const full = store.length === length
    const values = full ? store : store.slice(0, length)
    if (this.#hasNaN) canonicaliseNaN(values as Float64Array)
    this.reset()
    // The array went into the column: the next rows need a new one.
    if (full) this.#allocate(0)
    if (this.type !== 'uint64') return rawColumn(this.type, length, values, validity)
    const unsigned = new BigUint64Array(values.buffer, values.byteOffset, length)
    return rawColumn('uint64', length, unsigned, validity)
  }

  /** Forgets what was appended. */
  reset(): void {
    this.#length = 0
    this.#byteCount = 0
    this.#nulls = undefined
    this.#hasNaN = false
  }

  #validity(): Uint8Array | undefined {
    if (this.#nulls === undefined) return undefined
    const count = bitmapBytes(this.#length)
    const validity = new Uint8Array(count).fill(0xff)
    const given = Math.min(count, this.#nulls.length)
    for (let i = 0; i < given; i++) validity[i]! ^= this.#nulls[i]!
    validity[count - 1]! &= lastByteMask(this.#length)
    return validity
  }

  #storeNumber(row: number, value: number): void {
    switch (this.#code) {
      case FLOAT64:
        if (Number.isNaN(value)) this.#hasNaN = true
        this.#f64[row] = value
        return
      case FLOAT32:
        if (Number.isNaN(value)) this.#hasNaN = true
        this.#f32[row] = value
        return
      case INT32:
      case DATE:
        this.#i32[row] = value
        return
      case UINT32:
        this.#u32[row] = value
        return
      case INT16:
        this.#i16[row] = value
        return
      case UINT16:
        this.#u16[row] = value
        return
      case INT8:
        this.#i8[row] = value
        return
      case UINT8:
        this.#u8[row] = value
        return
      default:
        this.#halves[2 * row] = value
        this.#halves[2 * row + 1] = Math.floor(value / 0x1_0000_0000)
    }
  }

  #next(): number {
    const row = this.#length
    if (row === this.#capacity) this.reserve(1)
    this.#length = row + 1
    return row
  }

  #nextBytes(count: number): number {
    if (count > MAX_VALUE_BYTES) throw tooLarge('a value has more than 64 MiB', count)
    const needed = this.#byteCount + count
    if (needed > this.#bytes.length) {
      if (needed > MAX_U32) throw tooLarge('a column has more than 4 GiB', needed)
      const bytes = new Uint8Array(Math.min(MAX_U32, Math.max(needed, this.#bytes.length * 2)))
      bytes.set(this.#bytes.subarray(0, this.#byteCount))
      this.#bytes = bytes
    }
    return this.#next()
  }

  #grow(capacity: number): void {
    if (this.type === 'bool') {
      const old = this.#bytes
      this.#bytes = new Uint8Array(bitmapBytes(capacity))
      this.#bytes.set(old)
    } else if (isBytesType(this.type)) {
      const old = this.#offsets
      this.#offsets = new Uint32Array(capacity + 1)
      this.#offsets.set(old)
    } else if (this.type !== 'null') {
      const old = this.#store()
      this.#allocate(capacity)
      // Both are of the builder's type.
      ;(this.#store() as Uint8Array).set(old as Uint8Array)
    }
    this.#capacity = capacity
  }

  #allocate(capacity: number): void {
    this.#capacity = capacity
    const values = newValues(this.type, capacity)
    if (this.type === 'null') return
    if (this.type === 'bool') this.#bytes = new Uint8Array(bitmapBytes(capacity))
    else if (isBytesType(this.type)) {
      this.#bytes = new Uint8Array(capacity * 8)
      this.#offsets = new Uint32Array(capacity + 1)
    } else if (values instanceof Float64Array) this.#f64 = values
    else if (values instanceof Float32Array) this.#f32 = values
    else if (values instanceof Int32Array) this.#i32 = values
    else if (values instanceof Uint32Array) this.#u32 = values
    else if (values instanceof Int16Array) this.#i16 = values
    else if (values instanceof Uint16Array) this.#u16 = values
    else if (values instanceof Int8Array) this.#i8 = values
    else if (values instanceof Uint8Array) this.#u8 = values
    else {
      this.#wide = new BigInt64Array(values.buffer)
      this.#halves = halvesOf(values)
    }
  }

  #store() {
    switch (this.type) {
      case 'float64':
        return this.#f64
      case 'float32':
        return this.#f32
      case 'int32':
      case 'date':
        return this.#i32
      case 'uint32':
        return this.#u32
      case 'int16':
        return this.#i16
      case 'uint16':
        return this.#u16
      case 'int8':
        return this.#i8
      case 'uint8':
        return this.#u8
      default:
        return this.#wide
    }
  }
}

function tooLarge(message: string, size: number): VarveError {
  return new VarveError('too-large', message, { data: { size } })
}

/** A column of the given values; `invalid-value` where one is not of the type. */
export function columnOf(type: ColumnType, values: readonly Scalar[]): Column {
  const builder = new ColumnBuilder(type, values.length)
  for (const value of values) builder.append(value)
  return builder.finish()
}
