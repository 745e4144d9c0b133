import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import { hasCode } from '../../src/core/errors.ts'
import { encodeFrame, FrameReader, frameKinds } from '../../src/transport/frames.ts'
import { RecordSplitter } from '../../src/transport/object-stream.ts'

/** Cuts bytes at some places; pieces may be empty. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length]
  let start = 0
  return ends
    .sort((a, b) => a - b)
    .map((end) => {
      const piece = bytes.subarray(start, end)
      start = end
      return piece
    })
}

const content = fc.uint8Array({ minLength: 1, maxLength: 400 })
const places = fc.array(fc.nat(), { maxLength: 40 })

async function* from(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

describe('records in a stream', () => {
  const streamOf = (records: readonly Uint8Array[]): Uint8Array => {
    const writer = new ByteWriter()
    for (const record of records) writer.lengthPrefixed(record)
    return writer.finish()
  }

  it('come out as they went in, wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 12 }), places, (records, cuts) => {
        const splitter = new RecordSplitter()
        const found = cut(streamOf(records), cuts).flatMap((piece) => [...splitter.push(piece)])
        expect(found.map((record) => [...record])).toEqual(records.map((record) => [...record]))
        expect(splitter.isInside).toBe(false)
      }),
    )
  })

  it('are inside of one until it has ended', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (record, place) => {
        const stream = streamOf([record])
        const part = stream.subarray(0, 1 + (place % (stream.length - 1)))
        const splitter = new RecordSplitter()
        expect([...splitter.push(part)]).toEqual([])
        expect(splitter.isInside).toBe(true)
      }),
    )
  })

  it('serve again in their room, once they are given back, where that is not too large', () => {
    const splitter = new RecordSplitter()
    const through = (length: number, byte: number): Uint8Array => {
      const stream = streamOf([new Uint8Array(length).fill(byte)])
      const half = stream.length >> 1
      const found = [stream.subarray(0, half), stream.subarray(half)].flatMap((piece) => [
        ...splitter.push(piece),
      ])
      expect(found.map((record) => record.length)).toEqual([length])
      expect(found[0]!.every((value) => value === byte)).toBe(true)
      return found[0]!
    }
    const first = through(100_000, 1)
    const second = through(100_000, 2)
    expect(second.buffer).not.toBe(first.buffer)
    splitter.takeBack(first)
    splitter.takeBack(first)
    const [third, fourth] = [through(90_000, 3), through(90_000, 4)]
    expect(third.buffer).toBe(first.buffer)
    expect(fourth.buffer).not.toBe(first.buffer)
    splitter.takeBack(second)
    const small = through(1000, 5)
    expect(small.buffer.byteLength).toBe(1000)
    splitter.takeBack(small)
    expect(through(1000, 6).buffer).not.toBe(small.buffer)
    splitter.takeBack(streamOf([new Uint8Array(100_000)]))
    expect(through(100_000, 7).buffer).toBe(second.buffer)
  })

  it('of many megabytes take no more room for coming byte by byte', () => {
    const record = new Uint8Array(2 * 1024 * 1024).map((_, i) => i)
    const splitter = new RecordSplitter()
    const found: Uint8Array[] = []
    const before = process.memoryUsage().heapUsed
    const stream = streamOf([record])
    for (let at = 0; at < stream.length; at++) {
      found.push(...splitter.push(stream.subarray(at, at + 1)))
      // What is held of it are its bytes, and not the pieces.
      if (at === stream.length - 2) {
        expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024)
      }
    }
    expect(found).toHaveLength(1)
    expect(Buffer.from(found[0]!).equals(record)).toBe(true)
  })
})

describe('frames', () => {
  const kind = fc.constantFrom(frameKinds.refs, frameKinds.objects, frameKinds.end)
  const frame = fc.record({ kind, bytes: fc.uint8Array({ maxLength: 400 }) })

  it('come out as they went in, wherever they are cut, but that those of objects come in parts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 12 }), places, async (frames, cuts) => {
        const stream = Buffer.concat(frames.map(({ kind, bytes }) => encodeFrame(kind, bytes)))
        const reader = new FrameReader(from(cut(stream, cuts)))
        const found: { kind: number; bytes: number[] }[] = []
        const raw: Uint8Array[] = []
        for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
          found.push({ kind: next.kind, bytes: [...next.bytes] })
          raw.push(next.raw)
        }
        expect(joined(found)).toEqual(
          joined(frames.map((one) => ({ ...one, bytes: [...one.bytes] }))),
        )
        expect(Buffer.concat(raw).equals(stream)).toBe(true)
        expect(reader.bytes).toBe(stream.length)
      }),
    )
  })

  it('that are cut short are told from an end', async () => {
    await fc.assert(
      fc.asyncProperty(frame, fc.nat(), places, async ({ kind, bytes }, place, cuts) => {
        const whole = encodeFrame(kind, bytes)
        const part = whole.subarray(0, 1 + (place % (whole.length - 1)))
        const reader = new FrameReader(from(cut(part, cuts)))
        const failure = await (async () => {
          while ((await reader.next()) !== undefined);
        })().catch((error: unknown) => error)
        expect(hasCode(failure, 'disconnected')).toBe(true)
      }),
    )
  })
})

/** With what frames of objects that follow each other hold put together. */
function joined(frames: readonly { kind: number; bytes: number[] }[]) {
  const all: { kind: number; bytes: number[] }[] = []
  for (const frame of frames) {
    const last = all.at(-1)
    if (frame.kind === frameKinds.objects && last?.kind === frame.kind)
      last.bytes.push(...frame.bytes)
    else all.push({ kind: frame.kind, bytes: [...frame.bytes] })
  }
  return all
}
