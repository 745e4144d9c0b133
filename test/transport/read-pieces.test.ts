import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { READ_AHEAD, readPieces } from '../../src/transport/read-pieces.ts'

async function all(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const taken: Uint8Array[] = []
  for await (const piece of pieces) taken.push(piece)
  return Buffer.concat(taken).toString()
}

describe('pieces of a stream', () => {
  it('come in their order, those before the first look too, to the end', async () => {
    const stream = new PassThrough()
    stream.write('one ')
    const read = all(readPieces(stream))
    stream.write('two ')
    setImmediate(() => stream.end('three'))
    expect(await read).toBe('one two three')
  })

  it('of a stream that has ended are none', async () => {
    const stream = new PassThrough()
    stream.end()
    stream.resume()
    await once(stream, 'end')
    expect(await all(readPieces(stream))).toBe('')
  })

  it('end with what ends the stream early, after what came before it', async () => {
    const stream = new PassThrough()
    const pieces = readPieces(stream)
    stream.write('one')
    expect(Buffer.from((await pieces.next()).value!).toString()).toBe('one')
    stream.destroy(new Error('cut'))
    await expect(pieces.next()).rejects.toThrow('cut')
  })

  it('of a stream that is closed before its end are an error', async () => {
    const stream = new PassThrough()
    const next = readPieces(stream).next()
    stream.destroy()
    await expect(next).rejects.toThrow('closed early')
  })

  it('are left on the way where nobody takes them', async () => {
    const piece = new Uint8Array(READ_AHEAD / 4)
    let made = 0
    const source = async function* () {
      for (; made < 1000; made++) yield piece
    }
    const stream = Readable.from(source())
    const pieces = readPieces(stream)
    await pieces.next()
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    expect(made).toBeLessThan(100)
    await pieces.return()
    expect(stream.destroyed).toBe(true)
  })
})
