import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ZstdLibrary } from '../../src/zstd/library.ts'
import { openNative } from '../../src/zstd/native.ts'
import { openNode } from '../../src/zstd/node.ts'
import { openWasm } from '../../src/zstd/wasm.ts'

const own = openNode()
const libraries = [await openNative(), ...(own === undefined ? [] : [own]), await openWasm()]
const pairs = libraries.flatMap((writer) => libraries.map((reader) => ({ writer, reader })))
const named = pairs.map(
  ({ writer, reader }) => [`${writer.name} → ${reader.name}`, writer, reader] as const,
)

/** Bytes of many lengths: noise, runs, and what repeats itself. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 5000 }))
    .map(([piece, times]) =>
      Uint8Array.from({ length: piece.length * times }, (_, i) => {
        return piece[i % piece.length]! ^ (i % 97 === 0 ? i >> 7 : 0)
      }),
    ),
)
const anyDictionary = anyBytes.map((bytes) => Uint8Array.from([0, ...bytes]))
/** A dictionary of any content, one that would be taken for zstd's own but for its first byte among them. */
const zstdsOwnMagic = Uint8Array.of(0, 0x37, 0xa4, 0x30, 0xec, 1, 2, 3, 4, 5, 6, 7, 8)

function unpack(library: ZstdLibrary, frames: Uint8Array, length: number): Uint8Array {
  const target = new Uint8Array(length)
  return target.subarray(0, library.decompress(target, frames))
}

describe('zstd libraries', () => {
  it('are two or more: otherwise nothing is compared', () => {
    expect(libraries.length).toBeGreaterThan(1)
  })

  it.each(named)('%s: frames are read as they were written', (_, writer, reader) => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 1, max: 9 }), (bytes, level) => {
        for (const frame of [writer.compress(bytes, level).slice(), writer.compressNoise(bytes)]) {
          expect(unpack(reader, frame, bytes.length)).toEqual(bytes)
        }
      }),
      { numRuns: 60 },
    )
  })

  it.each(named)('%s: and so are those with a dictionary', (_, writer, reader) => {
    fc.assert(
      fc.property(
        fc.oneof(anyDictionary, fc.constant(zstdsOwnMagic)),
        anyBytes,
        fc.integer({ min: 1, max: 19 }),
        (dictionary, own, level) => {
          const bytes = Uint8Array.from([...own, ...dictionary.subarray(dictionary.length >> 1)])
          const frame = writer.compressWith(dictionary, bytes, level)
          const target = new Uint8Array(bytes.length)
          expect(reader.decompressWith(dictionary, target, frame)).toBe(bytes.length)
          expect(target).toEqual(bytes)
        },
      ),
      { numRuns: 40 },
    )
  })

  it.each(named)('%s: a difference from a dictionary is small', (_, writer, reader) => {
    const dictionary = Uint8Array.from(
      { length: 200_000 },
      (_, i) => (i * i * 7919 + (i >> 3)) >> 5,
    )
    dictionary[0] = 0
    const bytes = dictionary.with(100_000, 7)
    const frame = writer.compressWith(dictionary, bytes, 3)
    const target = new Uint8Array(bytes.length)
    reader.decompressWith(dictionary, target, frame)
    expect(target).toEqual(bytes)
    expect(frame.length).toBeLessThan(200)
  })

  it.each(named)('%s: several frames are read as one content', (_, writer, reader) => {
    const [first, second] = [new Uint8Array(1000).fill(7), Uint8Array.of(1, 2, 3)]
    const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9)
    const frames = Uint8Array.from([
      ...writer.compress(first, 1),
      ...skippable,
      ...writer.compress(second, 1),
    ])
    expect(unpack(reader, frames, 1003)).toEqual(Uint8Array.from([...first, ...second]))
  })
})

describe.each(libraries.map((library) => [library.name, library] as const))(
  'what is not a zstd frame, read by %s',
  (_, library) => {
    const content = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) >> 4)
    const frame = library.compress(content, 3).slice()

    it('is refused where it is cut', () => {
      for (let length = 0; length < frame.length; length++) {
        const outcome = outcomeOf(() => unpack(library, frame.subarray(0, length), content.length))
        expect(outcome === 'refused' || outcome.length === 0).toBe(true)
      }
    })

    it('is refused where something follows', () => {
      const longer = Uint8Array.from([...frame, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(() => unpack(library, longer, content.length)).toThrow(Error)
    })

    it('is refused where it holds more than there is room for', () => {
      for (const length of [0, 1, content.length - 1]) {
        expect(() => unpack(library, frame, length)).toThrow(Error)
      }
    })

    it('is read where it does not say what it holds, and never beyond the room', () => {
      const silent = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 0x19, 0, 0, 97, 98, 99)
      expect(unpack(library, silent, 3)).toEqual(Uint8Array.of(97, 98, 99))
      expect(() => unpack(library, silent, 2)).toThrow(Error)
      // A run of 128 KiB from one byte.
      const run = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 0x03, 0, 0x10, 97)
      expect(unpack(library, run, 131_072)).toEqual(new Uint8Array(131_072).fill(97))
      expect(() => unpack(library, run, 131_071)).toThrow(Error)
    })

    it('costs no memory where it claims to hold much', () => {
      const claims = Uint8Array.of(
        0x28,
        0xb5,
        0x2f,
        0xfd,
        0xe0,
        0xff,
        0xff,
        0xff,
        0xff,
        0,
        0,
        0,
        0,
        1,
        0,
        0,
      )
      const before = process.memoryUsage().rss
      expect(() => unpack(library, claims, 100)).toThrow(Error)
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    })

    it('is refused or is some bytes where it was tampered with', () => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat({ max: frame.length - 1 }), fc.nat({ max: 255 })), {
            minLength: 1,
            maxLength: 4,
          }),
          (changes) => {
            const damaged = frame.slice()
            for (const [at, value] of changes) damaged[at] = value
            const outcome = outcomeOf(() => unpack(library, damaged, content.length))
            expect(outcome === 'refused' || outcome.length <= content.length).toBe(true)
            expect(unpack(library, frame, content.length)).toEqual(content)
          },
        ),
        { numRuns: 400 },
      )
    })
  },
)

function outcomeOf(read: () => Uint8Array): Uint8Array | 'refused' {
  try {
    return read()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return 'refused'
  }
}
