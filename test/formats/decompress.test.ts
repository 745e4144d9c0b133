import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compress } from 'zstd-napi'
import { openUnpacked } from '../../src/formats/decompress.ts'
import { cut, faultOf, textOf } from './csv/support.ts'

const methods = [
  ['gz', 'gzip', gzipSync],
  ['zst', 'zstd', compress],
] as const

const open = (name: string, bytes: Uint8Array, sizes: readonly number[] = []) =>
  openUnpacked({ name, open: () => cut(bytes, sizes) })

const text = Array.from({ length: 50_000 }, (_, i) => `${i},${i / 8}\n`).join('')

describe.each(methods)('openUnpacked of .%s', (ending, method, pack) => {
  it('gives what was packed, in pieces of any size', async () => {
    const packed = pack(Buffer.from(text))
    for (const sizes of [[], [1, 3], [1000]]) {
      expect(await textOf(open(`a.csv.${ending}`, packed, sizes))).toBe(text)
    }
    expect(await textOf(open(`a.${ending.toUpperCase()}`, packed))).toBe(text)
    const two = Buffer.concat([packed, pack(Buffer.from('more'))])
    expect(await textOf(open(`a.csv.${ending}`, two, [64]))).toBe(`${text}more`)
    expect(await textOf(open(`a.csv.${ending}`, pack(Buffer.alloc(0))))).toBe('')
  })

  it('holds only some of what a small file unpacks to', async () => {
    const large = pack(Buffer.alloc(64 * 1024 * 1024))
    let most = 0
    let total = 0
    for await (const piece of open('a.csv.'.concat(ending), large)) {
      most = Math.max(most, piece.length)
      total += piece.length
    }
    expect(total).toBe(64 * 1024 * 1024)
    expect(most).toBeLessThanOrEqual(256 * 1024)
  })

  it.each([0, 1, 10, 1000])('refuses what is cut after %i bytes', async (length) => {
    const packed = pack(Buffer.from(text)).subarray(0, length)
    const fault = await faultOf(() => textOf(open(`a.csv.${ending}`, packed)))
    expect(fault.code).toBe('bad-input')
    expect(fault.message).toContain(`a.csv.${ending}: expected data packed by ${method}`)
    expect(fault.message).toContain('cut?')
  })

  it('refuses what is damaged, or nothing of the kind', async () => {
    const packed = Buffer.from(pack(Buffer.from(text)))
    randomBytes(64).copy(packed, packed.length >> 1)
    for (const bytes of [packed, Buffer.from('date,value\n2025-01-01,1\n')]) {
      const fault = await faultOf(() => textOf(open(`a.csv.${ending}`, bytes)))
      expect(fault.code).toBe('bad-input')
      expect(fault.data.file).toBe(`a.csv.${ending}`)
    }
  })

  it('passes on what goes wrong with the source', async () => {
    const packed = pack(Buffer.from(text))
    const input = {
      name: `a.csv.${ending}`,
      async *open() {
        yield packed.subarray(0, 100)
        throw new Error('the disk is gone')
      },
    }
    await expect(textOf(openUnpacked(input))).rejects.toThrow('the disk is gone')
  })
})

describe('openUnpacked', () => {
  it('gives other tables as they are', async () => {
    expect(await textOf(open('a.csv', Buffer.from('a,b\n')))).toBe('a,b\n')
  })

  it('reads what gzip itself writes', async () => {
    const packed = execFileSync('gzip', ['-c'], { input: text })
    expect(await textOf(open('a.csv.gz', packed, [100]))).toBe(text)
  })
})
