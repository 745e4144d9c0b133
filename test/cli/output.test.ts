import fs from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** What the standard output is that leads to a file: what is small goes through the stream. */
function fileStream(fd: number): NodeJS.WritableStream {
  const stream = new Writable({
    decodeStrings: true,
    write(piece: Uint8Array, _, done) {
      fs.writeSync(fd, piece)
      done()
    },
  })
  return Object.assign(stream, { fd })
}

describe('output to a file', () => {
  it('has all that was written, in order, large and small', async () => {
    const folder = temporaryFolder()
    const size = fc.oneof(fc.nat(200), fc.integer({ min: 60_000, max: 300_000 }))
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(size, fc.boolean()), { maxLength: 12 }),
        async (pieces) => {
          const path = join(folder, `${run++}`)
          const fd = fs.openSync(path, 'w')
          const output = new Output(fileStream(fd), false)
          const expected: Buffer[] = []
          for (const [i, [length, isText]] of pieces.entries()) {
            const bytes = Buffer.alloc(length, 0x61 + i)
            expected.push(bytes)
            await output.write(isText ? bytes.toString() : bytes)
          }
          await output.flush()
          fs.closeSync(fd)
          expect(Buffer.compare(fs.readFileSync(path), Buffer.concat(expected))).toBe(0)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('says so where it cannot be written, at the next piece or at the end', async () => {
    const path = join(temporaryFolder(), 'file')
    fs.writeFileSync(path, '')
    const fd = fs.openSync(path, 'r')
    const output = new Output(fileStream(fd), false)
    const large = Buffer.alloc(1 << 17)
    const writing = async () => {
      for (let i = 0; i < 3; i++) await output.write(large)
    }
    await expect(writing()).rejects.toThrow(/cannot write the output: EBADF/)
    await expect(output.flush()).rejects.toThrow(/cannot write the output/)
    fs.closeSync(fd)
  })
})
