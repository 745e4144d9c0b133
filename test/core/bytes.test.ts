import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allOnes, copyBits, getBit, ones, sliceBits } from '../../src/core/bits.ts'
import {
  ByteReader,
  ByteWriter,
  bytesToText,
  compareBytes,
  equalBytes,
  textToBytes,
  varintLength,
} from '../../src/core/bytes.ts'
import { hashObject } from '../../src/core/id.ts'
import { toldAs } from '../support/errors.ts'

const corrupt = toldAs('corrupt-object')

function varint(value: number): number[] {
  return [...new ByteWriter().varint(value).finish()]
}

function readVarint(...bytes: number[]): number {
  return new ByteReader(Uint8Array.from(bytes)).varint()
}

describe('ByteWriter and ByteReader', () => {
  it('give back what was written', () => {
    const id = hashObject('blob', new Uint8Array(3))
    const writer = new ByteWriter(1)
      .u8(255)
      .u16(0x1234)
      .u32(0xfedc_ba98)
      .u64(2n ** 64n - 1n)
      .text('é😀')
      .lengthPrefixed(Uint8Array.of(9, 8))
      .id(id)
    const reader = new ByteReader(writer.finish())
    expect(reader.u8()).toBe(255)
    expect(reader.u16()).toBe(0x1234)
    expect(reader.u32()).toBe(0xfedc_ba98)
    expect(reader.u64()).toBe(2n ** 64n - 1n)
    expect(reader.text()).toBe('é😀')
    expect(reader.lengthPrefixed()).toEqual(Uint8Array.of(9, 8))
    expect(reader.id()).toBe(id)
    reader.expectEnd()
  })

  it('write numbers little-endian and varints in as few bytes as they need', () => {
    expect([...new ByteWriter().u16(1).u32(2).u64(3n).finish()]).toEqual([
      1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
    ])
    expect(varint(0)).toEqual([0])
    expect(varint(127)).toEqual([0x7f])
    expect(varint(128)).toEqual([0x80, 1])
    expect(varint(Number.MAX_SAFE_INTEGER)).toEqual([255, 255, 255, 255, 255, 255, 255, 15])
  })

  it('round-trip every varint', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(readVarint(...varint(value))).toBe(value)
        expect(varintLength(value)).toBe(varint(value).length)
      }),
    )
    for (const value of [0, 127, 128, 129, 16_383, 16_384, Number.MAX_SAFE_INTEGER]) {
      expect(readVarint(...varint(value))).toBe(value)
      expect(varintLength(value)).toBe(varint(value).length)
    }
  })

  it('say where they are', () => {
    const writer = new ByteWriter(1).u8(1).u64(2n)
    expect(writer.length).toBe(9)
    const reader = new ByteReader(writer.finish())
    expect([reader.position, reader.remaining]).toEqual([0, 9])
    reader.u8()
    expect([reader.position, reader.remaining]).toEqual([1, 8])
    for (const count of [9, 10, 1000]) {
      expect(() => reader.bytes(count)).toThrow(expect.objectContaining({ data: { position: 1 } }))
    }
    expect(reader.u64()).toBe(2n)
  })

  it('refuse varints that are longer than needed, too large or cut short', () => {
    expect(() => readVarint(0x80, 0)).toThrow(corrupt)
    expect(() => readVarint(255, 255, 255, 255, 255, 255, 255, 16)).toThrow(corrupt)
    expect(() => readVarint(255, 255, 255, 255, 255, 255, 255, 255, 1)).toThrow(corrupt)
    expect(() => readVarint(0x80)).toThrow(corrupt)
  })

  it('refuse to read past the end, with the code that was asked for', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3), 'corrupt-pack')
    expect(() => reader.u32()).toThrow(expect.objectContaining({ code: 'corrupt-pack' }))
    expect(reader.u16()).toBe(0x201)
    expect(() => reader.expectEnd()).toThrow(expect.objectContaining({ code: 'corrupt-pack' }))
    expect(() => new ByteReader(Uint8Array.of(200, 1, 7)).lengthPrefixed()).toThrow(corrupt)
    expect(() => new ByteReader(Uint8Array.of(1, 0xff)).text()).toThrow(corrupt)
  })

  it('hand out plain bytes even of a Buffer', () => {
    const piece = new ByteReader(Buffer.from([1, 7])).lengthPrefixed()
    expect(Buffer.isBuffer(piece)).toBe(false)
    expect(piece).toEqual(Uint8Array.of(7))
  })
})

describe('compareBytes', () => {
  it('is the order of raw bytes', () => {
    const any = fc.uint8Array({ maxLength: 80 })
    fc.assert(
      fc.property(any, any, fc.uint8Array({ maxLength: 60 }), (a, b, prefix) => {
        const x = Buffer.concat([prefix, a])
        const y = Buffer.concat([prefix, b])
        expect(Math.sign(compareBytes(x, y))).toBe(Buffer.compare(x, y))
        expect(equalBytes(x, y)).toBe(Buffer.compare(x, y) === 0)
      }),
    )
  })

  it('sorts 😀 after U+FFFF, unlike JavaScript', () => {
    const texts = ['😀', '\uFFFF', 'z']
    const sorted = texts.map(textToBytes).sort(compareBytes).map(bytesToText)
    expect(sorted).toEqual(['z', '\uFFFF', '😀'])
    expect([...texts].sort()).toEqual(['z', '😀', '\uFFFF'])
  })
})

describe('bitmaps', () => {
  const bitsOf = (list: readonly boolean[]): Uint8Array => {
    const bits = new Uint8Array(Math.ceil(list.length / 8))
    for (const [i, bit] of list.entries()) if (bit) bits[i >> 3]! |= 1 << (i & 7)
    return bits
  }
  const list = fc.array(fc.boolean(), { maxLength: 60 })

  it('are cut and joined at any bit', () => {
    fc.assert(
      fc.property(list, list, fc.nat(60), fc.nat(60), (a, b, x, y) => {
        const from = Math.min(x, y, a.length)
        const to = Math.min(Math.max(x, y), a.length)
        expect(sliceBits(bitsOf(a), from, to)).toEqual(bitsOf(a.slice(from, to)))
        const joined = new Uint8Array(Math.ceil((b.length + to - from) / 8))
        copyBits(bitsOf(b), 0, b.length, joined, 0)
        copyBits(bitsOf(a), from, to - from, joined, b.length)
        expect(joined).toEqual(bitsOf([...b, ...a.slice(from, to)]))
      }),
    )
  })

  it('know whether all is set', () => {
    fc.assert(
      fc.property(fc.nat(70), fc.nat(69), (count, index) => {
        const bits = ones(count)
        expect(allOnes(bits, count)).toBe(true)
        if (index >= count) return
        expect(getBit(bits, index)).toBe(true)
        bits[index >> 3]! ^= 1 << (index & 7)
        expect(allOnes(bits, count)).toBe(false)
      }),
    )
  })
})
