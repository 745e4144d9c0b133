import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FramesPacker, zstdPacker } from '../../src/zstd/pack-stream.ts'
import { unpackInJavaScript, unpackZstd, ZstdDamage } from '../../src/zstd/unpack-stream.ts'
import { openWasm } from '../../src/zstd/wasm.ts'

const wasm = await openWasm()
const packers = [
  ['zstd-napi', zstdPacker],
  ['WebAssembly', async () => new FramesPacker(wasm)],
] as const
const unpackers = [
  ['zstd-napi', unpackZstd],
  ['JavaScript', unpackInJavaScript],
] as const
const pairs = packers.flatMap(([from, packer]) =>
  unpackers.map(([to, unpack]) => [`${from} → ${to}`, packer, unpack] as const),
)

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length)
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

async function pack(
  bytes: Uint8Array,
  length: number,
  openPacker: (typeof packers)[number][1],
): Promise<Buffer> {
  const packer = await openPacker()
  const [packed] = await Promise.all([collect(packer), pipeline(inPieces(bytes, length), packer)])
  return packed
}

describe('zstd as a stream', () => {
  it.each(pairs)('%s: comes out as it went in', async (_, packer, unpack) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, written, read) => {
          const packed = await pack(bytes, written, packer)
          expect(await collect(unpack(inPieces(packed, read)))).toEqual(Buffer.from(bytes))
        },
      ),
      { numRuns: 30 },
    )
  })

  it.each(pairs)('%s: so does more than one frame holds', async (_, packer, unpack) => {
    const bytes = Buffer.from(
      Uint32Array.from({ length: 2_500_000 }, (_, i) => i ^ (i >> 5)).buffer,
    )
    const packed = await pack(bytes, 300_000, packer)
    expect(packed.length).toBeLessThan(bytes.length)
    const unpacked = await collect(unpack(inPieces(packed, 65_536)))
    expect(unpacked.equals(bytes)).toBe(true)
  })

  it.each(unpackers)('what %s reads may be several frames', async (_, unpack) => {
    const frames = Buffer.concat(['one ', 'two'].map((text) => wasm.compress(Buffer.from(text), 1)))
    expect((await collect(unpack(inPieces(frames, 5)))).toString()).toBe('one two')
  })

  it.each(unpackers)('what %s reads is damaged where it is cut', async (_, unpack) => {
    const frame = wasm.compress(Buffer.from('one and two and three and four'), 1)
    for (let length = 0; length < frame.length; length++) {
      const reading = collect(unpack(inPieces(frame.subarray(0, length), 7)))
      await expect(reading).rejects.toBeInstanceOf(ZstdDamage)
    }
  })

  it.each(unpackers)('what %s reads is damaged where it is something else', async (_, unpack) => {
    const text = Buffer.from('time,value\n2026-01-01,1\n')
    await expect(collect(unpack(inPieces(text, 100)))).rejects.toMatchObject({ isCut: false })
  })

  it.each(unpackers)('what %s reads costs no memory for what it claims', async (_, unpack) => {
    const claims = Buffer.from('28b52ffd80f8ffffff7f030010', 'hex')
    const before = process.memoryUsage().rss
    await expect(collect(unpack(inPieces(claims, 100)))).rejects.toBeInstanceOf(ZstdDamage)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
  })
})
