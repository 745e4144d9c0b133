import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decompress } from 'zstd-napi'
import { compress, packingOfName } from '../../src/formats/compress.ts'

async function packed(pieces: AsyncIterable<Uint8Array>, packing: 'gz' | 'zst'): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of compress(pieces, packing)) all.push(piece)
  return Buffer.concat(all)
}

async function* lines(count: number) {
  for (let i = 0; i < count; i++) yield Buffer.from(`${i},${i * i}\n`)
}

describe('packing', () => {
  const text = Array.from({ length: 20_000 }, (_, i) => `${i},${i * i}\n`).join('')

  it('is what other tools unpack', async () => {
    expect(gunzipSync(await packed(lines(20_000), 'gz')).toString()).toBe(text)
    expect(decompress(await packed(lines(20_000), 'zst')).toString()).toBe(text)
    expect(gunzipSync(await packed(lines(0), 'gz'))).toHaveLength(0)
    expect(decompress(await packed(lines(0), 'zst'))).toHaveLength(0)
  })

  it('goes by the ending of a name', () => {
    const names = ['a.csv.gz', 'a.CSV.ZST', 'a.csv', 'gz']
    expect(names.map(packingOfName)).toEqual(['gz', 'zst', undefined, undefined])
  })

  it.each(['gz', 'zst'] as const)(
    'ends where its source fails, and where nobody goes on (%s)',
    async (packing) => {
      const failing = async function* () {
        yield* lines(10)
        throw new Error('the source failed')
      }
      await expect(packed(failing(), packing)).rejects.toThrow('the source failed')
      let isClosed = false
      const endless = async function* () {
        try {
          for (;;) yield randomBytes(64 * 1024)
        } finally {
          isClosed = true
        }
      }
      for await (const piece of compress(endless(), packing)) if (piece.length > 0) break
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(isClosed).toBe(true)
    },
  )
})
