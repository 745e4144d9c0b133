import { BodyCompressionMethod } from 'apache-arrow/fb/body-compression-method'
import { CompressionType } from 'apache-arrow/fb/compression-type'
import type { RecordBatch } from 'apache-arrow/fb/record-batch'
import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'
import { arrowFault } from './arrow-fault.ts'
import type { NodeBuffers } from './arrow-schema.ts'
import { decompressLz4Frame } from './lz4-frame.ts'

const NO_BYTES = new Uint8Array(0)
const MAX_BYTES = 2 ** 31
/** An uncompressed buffer stands in a compressed body with this for its length. */
const NOT_COMPRESSED = -1n

/** Fills `target` with what is in a zstd frame; throws where that is another number of bytes. */
export type Unzstd = (frame: Uint8Array, target: Uint8Array) => void

/** The nodes and buffers of a batch, one field after the other. */
export class BatchBody {
  readonly rows: number
  readonly #batch: RecordBatch
  readonly #body: Uint8Array<ArrayBuffer>
  readonly #file: string
  readonly #codec: CompressionType | undefined
  readonly #unzstd: Unzstd | undefined
  #node = 0
  #buffer = 0
  #variadic = 0
  #unpacked = 0

  /** `metadataBytes` is what describes the batch: no more nodes are in it than there is room for. */
  constructor(
    batch: RecordBatch,
    body: Uint8Array<ArrayBuffer>,
    metadataBytes: number,
    file: string,
    unzstd: Unzstd | undefined,
  ) {
    this.#batch = batch
    this.#body = body
    this.#file = file
    this.#unzstd = unzstd
    const rows = batch.length()
    const most = metadataBytes / 8
    const counts = [batch.nodesLength(), batch.buffersLength(), batch.variadicBufferCountsLength()]
    if (rows < 0n || rows > 0xffff_ffffn || counts.some((count) => count < 0 || count > most)) {
      throw arrowFault(file, 'a record batch is larger than its bytes')
    }
    this.rows = Number(rows)
    const compression = batch.compression()
    if (compression === null) return
    this.#codec = compression.codec()
    if (compression.method() !== BodyCompressionMethod.BUFFER) {
      throw arrowFault(file, 'a record batch is compressed in a way that varve does not know')
    }
  }

  /** Whether a batch needs a zstd to be read. */
  static isZstd(batch: RecordBatch): boolean {
    return batch.compression()?.codec() === CompressionType.ZSTD
  }

  /** Passes over the nodes of a field. */
  skip(nodes: readonly NodeBuffers[]): void {
    for (const node of nodes) {
      this.#node++
      this.#buffer += node.buffers
      if (node.variadic) this.#buffer += this.variadic()
    }
  }

  /** The next node: how many of its values are nulls. It has as many rows as the batch. */
  node(): { nulls: number } {
    const node = this.#node < this.#batch.nodesLength() ? this.#batch.nodes(this.#node) : null
    this.#node++
    if (node === null) throw arrowFault(this.#file, 'a record batch lacks a column')
    if (node.length() !== BigInt(this.rows)) {
      throw arrowFault(this.#file, 'the columns of a record batch differ in length')
    }
    return { nulls: Number(node.nullCount()) }
  }

  /** How many further buffers the next column of views has. */
  variadic(): number {
    const at = this.#variadic++
    const known = at < this.#batch.variadicBufferCountsLength()
    const count = Number((known && this.#batch.variadicBufferCounts(at)) || 0n)
    if (count < 0 || count > this.#batch.buffersLength()) {
      throw arrowFault(this.#file, 'a record batch lacks a buffer')
    }
    return count
  }

  /**
   * The next buffer, which has `least` bytes for sure where that is given, at a place where values
   * of 8 bytes may begin.
   */
  buffer(least = 0): Uint8Array<ArrayBuffer> {
    const at = this.#buffer++
    const region = at < this.#batch.buffersLength() ? this.#batch.buffers(at) : null
    if (region === null) throw arrowFault(this.#file, 'a record batch lacks a buffer')
    const offset = region.offset()
    const length = region.length()
    if (offset < 0n || length < 0n || offset + length > BigInt(this.#body.length)) {
      throw arrowFault(this.#file, 'a buffer reaches beyond its record batch')
    }
    const stored = this.#body.subarray(Number(offset), Number(offset + length))
    const bytes = this.#codec === undefined ? stored : this.#unpack(stored)
    if (bytes.length < least) throw arrowFault(this.#file, 'a buffer is shorter than its column')
    return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  }

  #unpack(stored: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (stored.length === 0) return NO_BYTES
    if (stored.length < 8) throw arrowFault(this.#file, 'a compressed buffer is cut off')
    const declared = new DataView(stored.buffer, stored.byteOffset).getBigInt64(0, true)
    const packed = stored.subarray(8)
    if (declared === NOT_COMPRESSED) return packed
    if (declared < 0n) throw arrowFault(this.#file, `a buffer of ${declared} bytes`)
    // No value of any codec is packed tighter than this.
    const mostDense = this.#codec === CompressionType.ZSTD ? 2 ** 17 : 2 ** 8
    this.#unpacked += Number(declared)
    if (declared > packed.length * mostDense || this.#unpacked > MAX_BYTES) {
      throw new VarveError(
        'too-large',
        `${escapeControl(this.#file)}: a record batch that unpacks to ${this.#unpacked} bytes or more`,
        {
          data: { file: this.#file, size: this.#unpacked },
          hint: 'write it as smaller record batches, or without compression',
        },
      )
    }
    const target = new Uint8Array(Number(declared))
    try {
      if (this.#codec === CompressionType.ZSTD) this.#unzstd!(packed, target)
      else decompressLz4Frame(packed, target)
    } catch (cause) {
      throw arrowFault(this.#file, 'a compressed buffer cannot be unpacked', cause)
    }
    return target
  }
}
