import { ByteReader, ByteWriter, equalBytes } from '../bytes.ts'
import { VarveError } from '../errors.ts'
import { matchSymbols } from './delta-match.ts'
import { type Operation, readOperations, writeOperations } from './delta-operations.ts'

// The difference between two sequences of bytes (docs/format/delta.md):
//
//   …  operations (`delta-operations.ts`), an element being a byte
//   …  the bytes put in, end to end

/** Between what both begin and end with no more than this is looked at. */
const SEARCHED = 1 << 18
const OPTIONS = { window: 8, operationCost: 5, elsewhere: 1 }
const BLOCK = 4096

/**
 * What makes `bytes` of `base`; undefined where they have too little in common.
 * @param hex whether ids stand in them as text: then none is put in in part
 */
export function encodeBytesDelta(
  bytes: Uint8Array,
  base: Uint8Array,
  hex = false,
): Uint8Array | undefined {
  const found = bytesOperations(bytes, base)
  const operations = hex ? wholeWords(found, bytes) : found
  let put = 0
  for (const operation of operations) put += operation.put
  if (put >= bytes.length) return undefined
  const writer = new ByteWriter(put + 16)
  writeOperations(writer, operations)
  let at = 0
  for (const operation of operations) {
    at += operation.kept
    writer.bytes(bytes.subarray(at, at + operation.put))
    at += operation.put
  }
  return writer.finish()
}

function bytesOperations(bytes: Uint8Array, base: Uint8Array): Operation[] {
  const start = sharedStart(bytes, base)
  const tail = sharedTail(bytes.subarray(start), base.subarray(start))
  const left = base.subarray(start, base.length - tail)
  const put = bytes.subarray(start, bytes.length - tail)
  if (left.length === 0 && put.length === 0) return []
  if (left.length > SEARCHED || put.length > SEARCHED) {
    return [{ kept: start, left: left.length, put: put.length }]
  }
  const [first, ...others] = matchSymbols(symbols(left), symbols(put), OPTIONS)
  return [{ ...first!, kept: first!.kept + start }, ...others]
}

/** The same, with all hex digits put in that stand beside others that are. */
function wholeWords(operations: readonly Operation[], bytes: Uint8Array): Operation[] {
  const result: (Operation & { readonly behind: number })[] = []
  let start = 0
  operations.forEach(({ kept, left, put }, i) => {
    const from = start + kept
    const to = from + put
    const next = i + 1 < operations.length ? to + operations[i + 1]!.kept : bytes.length
    let before = 0
    while (before < kept && isHex(bytes[from - 1 - before])) before++
    let behind = 0
    while (to + behind < next && isHex(bytes[to + behind])) behind++
    // What was kept between two operations and belongs to both is in the first.
    const taken = result.at(-1)?.behind ?? 0
    const more = Math.min(before, kept - taken)
    result.push({
      kept: kept - taken - more,
      left: left + more + behind,
      put: put + more + behind,
      behind,
    })
    start = to
  })
  return result.map(({ kept, left, put }) => ({ kept, left, put }))
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))
}

function symbols(bytes: Uint8Array): { length: number; low: Uint32Array } {
  return { length: bytes.length, low: Uint32Array.from(bytes) }
}

/** How many bytes both begin with. */
function sharedStart(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length) {
    const end = Math.min(length, at + BLOCK)
    if (!equalBytes(a.subarray(at, end), b.subarray(at, end))) break
    at = end
  }
  while (at < length && a[at] === b[at]) at++
  return at
}

/** How many bytes both end with. */
function sharedTail(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  let tail = 0
  while (tail < length) {
    const more = Math.min(length, tail + BLOCK)
    const ofA = a.subarray(a.length - more, a.length - tail)
    if (!equalBytes(ofA, b.subarray(b.length - more, b.length - tail))) break
    tail = more
  }
  while (tail < length && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  return tail
}

/** The `length` bytes that a difference makes of its base; `corrupt-object` where it makes others. */
export function decodeBytesDelta(body: Uint8Array, base: Uint8Array, length: number): Uint8Array {
  const reader = new ByteReader(body)
  const { list, put, rest } = readOperations(reader, base.length, length)
  let kept = rest
  for (const operation of list) kept += operation.kept
  if (kept + put !== length) {
    throw new VarveError('corrupt-object', `a difference makes ${kept + put} bytes, not ${length}`)
  }
  const bytes = new Uint8Array(length)
  let from = 0
  let to = 0
  for (const operation of list) {
    bytes.set(base.subarray(from, from + operation.kept), to)
    from += operation.kept + operation.left
    to += operation.kept
    bytes.set(reader.bytes(operation.put), to)
    to += operation.put
  }
  reader.expectEnd()
  bytes.set(base.subarray(from), to)
  return bytes
}
