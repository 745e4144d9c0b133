import type { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { unpackDeltas } from './deltas64.ts'
import type { PageValues } from './page-values.ts'
import type { Physical } from './to-column.ts'

// Encodings whose values are found by going through all that are before: a page at a time.

export type UnpackDeltas = typeof deltaBinaryUnpack

/** A page of so many values in such an encoding is taken: they are held at once. */
const MOST_VALUES = 1 << 24
const MOST_BYTES = 1 << 27
const CUT_SHORT = 'a page is cut short'

export function unpackWhole({ kind, encoding, bytes, count, deltas }: PageValues): Physical {
  if (count > MOST_VALUES) throw new Error(`${encoding} with ${count} values in one page`)
  const { physical, width } = kind
  const deltaReader = new DeltaReader(bytes, deltas)
  switch (encoding) {
    case 'DELTA_BINARY_PACKED':
      if (physical === 'INT32') return { count, array: deltaReader.read(new Int32Array(count)) }
      if (physical === 'INT64') {
        const array = new BigInt64Array(count)
        unpackDeltas(bytes, array)
        return { count, array }
      }
      break
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      if (physical !== 'BYTE_ARRAY') break
      const offsets = offsetsOf(deltaReader.read(new Int32Array(count)))
      return { count, offsets, bytes: deltaReader.rest(offsets[count]!) }
    }
    case 'DELTA_BYTE_ARRAY': {
      const values = withPrefixes(deltaReader, count)
      if (physical === 'BYTE_ARRAY') return { count, ...values }
      if (physical !== 'FIXED_LEN_BYTE_ARRAY' || values.bytes.length !== count * width) break
      return { count, width, fixed: values.bytes }
    }
    case 'BYTE_STREAM_SPLIT':
      return joinStreams(kind, bytes, count)
    default:
  }
  throw new Error(`the encoding ${encoding} of ${physical} is not known`)
}

/** Deltas, and what lies behind them. */
class DeltaReader {
  readonly #reader: { readonly view: DataView; offset: number }
  readonly #bytes: Uint8Array
  readonly #unpack: UnpackDeltas

  constructor(bytes: Uint8Array, unpack: UnpackDeltas) {
    this.#bytes = bytes
    this.#unpack = unpack
    this.#reader = {
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      offset: 0,
    }
  }

  read(target: Int32Array): Int32Array {
    this.#checkBlocks()
    // Values that are not there have no header either, or one that says so.
    if (target.length > 0) this.#unpack(this.#reader, target.length, target)
    else if (this.#reader.offset < this.#bytes.length) {
      for (let i = 0; i < 4; i++) this.#varint()
    }
    return target
  }

  /** The next bytes. */
  rest(length: number): Uint8Array {
    const from = this.#reader.offset
    if (length > this.#bytes.length - from) throw new Error(CUT_SHORT)
    this.#reader.offset += length
    return this.#bytes.slice(from, from + length)
  }

  /** Blocks of an absurd size would be made room for. */
  #checkBlocks(): void {
    const from = this.#reader.offset
    if (from >= this.#bytes.length) return
    const size = this.#varint()
    const parts = this.#varint()
    if (size > 1 << 20 || parts === 0 || size % parts !== 0 || (size / parts) % 8 !== 0) {
      throw new Error(`deltas in blocks of ${size} in ${parts} parts`)
    }
    this.#reader.offset = from
  }

  #varint(): number {
    let value = 0
    for (let i = 0; i < 5; i++) {
      const byte = this.#bytes[this.#reader.offset++]
      if (byte === undefined) throw new Error(CUT_SHORT)
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return value
    }
    return value
  }
}

function offsetsOf(lengths: Int32Array): Uint32Array {
  const offsets = new Uint32Array(lengths.length + 1)
  let total = 0
  for (let row = 0; row < lengths.length; row++) {
    if (lengths[row]! < 0) throw new Error('a value of negative length')
    total += lengths[row]!
    if (total > MOST_BYTES) throw new Error(`values of more than ${MOST_BYTES} bytes in one page`)
    offsets[row + 1] = total
  }
  return offsets
}

/** Each value is so many bytes of the one before, then bytes of its own. */
function withPrefixes(deltas: DeltaReader, count: number) {
  const prefixes = deltas.read(new Int32Array(count))
  const suffixes = deltas.read(new Int32Array(count))
  const own = offsetsOf(suffixes)
  const offsets = offsetsOf(prefixes.map((prefix, row) => prefix + suffixes[row]!))
  const rest = deltas.rest(own[count]!)
  const bytes = new Uint8Array(offsets[count]!)
  for (let row = 0; row < count; row++) {
    const at = offsets[row]!
    const prefix = prefixes[row]!
    const before = row === 0 ? 0 : offsets[row - 1]!
    if (prefix < 0 || prefix > at - before) throw new Error('a value of which a part is not there')
    bytes.copyWithin(at, before, before + prefix)
    bytes.set(rest.subarray(own[row]!, own[row + 1]!), at + prefix)
  }
  return { bytes, offsets }
}

/** The first bytes of all values, then their second bytes, and so on. */
function joinStreams(
  { physical, width }: PageValues['kind'],
  bytes: Uint8Array,
  count: number,
): Physical {
  const eight = physical === 'INT64' || physical === 'DOUBLE'
  const each = physical === 'FIXED_LEN_BYTE_ARRAY' ? width : eight ? 8 : 4
  if (each * count > bytes.length) throw new Error(CUT_SHORT)
  const joined = new Uint8Array(each * count)
  for (let i = 0; i < each; i++) {
    const from = i * count
    for (let row = 0; row < count; row++) joined[row * each + i] = bytes[from + row]!
  }
  switch (physical) {
    case 'INT32':
      return { count, array: new Int32Array(joined.buffer) }
    case 'INT64':
      return { count, array: new BigInt64Array(joined.buffer) }
    case 'FLOAT':
      return { count, array: new Float32Array(joined.buffer) }
    case 'DOUBLE':
      return { count, array: new Float64Array(joined.buffer) }
    case 'FIXED_LEN_BYTE_ARRAY':
      return { count, width, fixed: joined }
    default:
      throw new Error(`the encoding BYTE_STREAM_SPLIT of ${physical} is not known`)
  }
}
