import { type ByteReader, ByteWriter } from '../bytes.ts'
import type { Kernels } from './kernels.ts'

// Bytes nearly all of which are alike:
//
//   u8      the byte that nearly all are
//   varint  how many others there are, at least 1
//   …       for each, rising: varint how many alike stand before it since the other one, u8 the byte

/** It is not looked for where more than one byte of so many is another. */
const RARE = 64

/** Undefined where too many bytes are others, or none is. */
export function encodeSparse(stream: Uint8Array, kernels: Kernels): Uint8Array | undefined {
  const common = mostOf(stream)
  const places = placesOfOthers(stream, common, kernels)
  if (places === undefined || places.length === 0) return undefined
  const writer = new ByteWriter(8 + 4 * places.length).u8(common).varint(places.length)
  let next = 0
  for (const place of places) {
    writer.varint(place - next).u8(stream[place]!)
    next = place + 1
  }
  return writer.finish()
}

function placesOfOthers(
  stream: Uint8Array,
  common: number,
  kernels: Kernels,
): Uint32Array | undefined {
  const { length } = stream
  const limit = Math.floor(length / RARE)
  return kernels.scope(() => {
    const source = kernels.copyOf(stream)
    const places = kernels.words(limit)
    const found = kernels.run.otherBytes(
      source.byteOffset,
      length,
      common,
      limit,
      places.byteOffset,
    )
    return found < 0 ? undefined : places.slice(0, found)
  })
}

/** The byte that most are, where two of three are the same. */
function mostOf(stream: Uint8Array): number {
  const a = stream[0]!
  const b = stream[stream.length >> 1]!
  const c = stream[stream.length - 1]!
  return b === c ? b : a
}

/** Fills `target`; an error where that is not what such bytes stand for. */
export function decodeSparse(reader: ByteReader, target: Uint8Array): void {
  const common = reader.u8()
  target.fill(common)
  const others = reader.varint()
  if (others === 0) throw reader.error('no byte that is another')
  let next = 0
  for (let i = 0; i < others; i++) {
    const place = next + reader.varint()
    const byte = reader.u8()
    if (place >= target.length || byte === common) {
      throw reader.error('another byte where none can be')
    }
    target[place] = byte
    next = place + 1
  }
}
