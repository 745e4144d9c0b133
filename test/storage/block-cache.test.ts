import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/core/bytes.ts'
import { BlockCache } from '../../src/storage/block-cache.ts'

const KIB = 1024
const SIZE = 2048 * KIB

const content = Uint8Array.from({ length: SIZE }, (_, i) => i % 251)

/** Files of any name, all with the same bytes, that write down which of them are read. */
function countedFiles() {
  const reads: string[] = []
  return {
    reads,
    async range(name: string, offset: number, length: number): Promise<Uint8Array> {
      reads.push(name)
      return content.slice(offset, offset + length)
    },
  }
}

/** Reads all of a pack, in ranges of so many bytes one after another. */
async function readOn(
  blocks: BlockCache,
  files: ReturnType<typeof countedFiles>,
  length: number,
  between: (i: number) => Promise<void> = async () => {},
): Promise<void> {
  for (let at = 0, i = 0; at + length <= SIZE; at += length, i++) {
    const bytes = await blocks.range(files, 'long', SIZE, at, length)
    expect(equalBytes(bytes, content.subarray(at, at + length))).toBe(true)
    await between(i)
  }
}

describe('ranges of a pack that is read on and on', () => {
  it.each([3, 7, 20])('come with what follows, of %i KiB each', async (length) => {
    const files = countedFiles()
    await readOn(new BlockCache(), files, length * KIB)
    expect(files.reads.length).toBeLessThan(40)
  })

  it.each([3, 7, 20])('do so where others are read in between, of %i KiB each', async (length) => {
    const files = countedFiles()
    const blocks = new BlockCache()
    await readOn(blocks, files, length * KIB, async (i) => {
      for (const name of ['one', 'two']) await blocks.range(files, name, SIZE, i * 200, 200)
    })
    expect(files.reads.filter((name) => name === 'long').length).toBeLessThan(40)
  })

  it('hold no more than what was read along of a few', async () => {
    const files = countedFiles()
    const blocks = new BlockCache()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'a']) {
      for (let i = 0; i < 8; i++) await blocks.range(files, name, SIZE, i * 20 * KIB, 20 * KIB)
    }
    const ofOne = files.reads.filter((name) => name === 'b').length
    expect(files.reads.filter((name) => name === 'a').length).toBe(2 * ofOne)
  })
})
