import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'
import { type GitSource, type RunningGit, startGit } from './run-git.ts'

/** A commit or a tree of git is smaller; what is larger is none that anybody made. */
const MOST_STRUCTURE_BYTES = 256 * 1024 * 1024

export interface GitBlob {
  readonly size: number
  /** To be read to its end, or left, before anything else is asked for. */
  readonly pieces: AsyncGenerator<Uint8Array, void, void>
}

/** The objects of a git repository, one after another, from one `git cat-file --batch`. */
export class GitObjects {
  readonly #source: GitSource
  #git: RunningGit | undefined
  #input: ByteReader | undefined

  constructor(source: GitSource) {
    this.#source = source
  }

  /** The bytes of a commit or a tree; `bad-input` where it is none, or missing. */
  async structure(oid: string, kind: 'commit' | 'tree'): Promise<Buffer> {
    const { type, size } = await this.#ask(oid)
    if (type !== kind || size > MOST_STRUCTURE_BYTES) {
      throw broken(oid, `is a ${type} of ${size} bytes, not a ${kind}`)
    }
    const bytes = await this.#input!.take(size)
    await this.#input!.skip(1)
    return bytes
  }

  async blob(oid: string): Promise<GitBlob> {
    const { type, size } = await this.#ask(oid)
    const input = this.#input!
    if (type !== 'blob') {
      // The answer to the next question comes behind it.
      await input.skip(size + 1)
      throw broken(oid, `is a ${type}, not a blob`)
    }
    const pieces = async function* (): AsyncGenerator<Uint8Array, void, void> {
      let left = size
      try {
        while (left > 0) {
          const piece = await input.some(left)
          left -= piece.length
          yield piece
        }
      } finally {
        await input.skip(left + 1)
      }
    }
    return { size, pieces: pieces() }
  }

  async close(): Promise<void> {
    await this.#git?.stop()
  }

  async #ask(oid: string): Promise<{ type: string; size: number }> {
    if (!/^[0-9a-f]{40,64}$/.test(oid)) throw broken(oid, 'is no name of an object')
    this.#git ??= await startGit(this.#source, ['cat-file', '--batch'])
    this.#input ??= new ByteReader(this.#git)
    await this.#git.write(`${oid}\n`)
    const line = await this.#input.line()
    const match = /^[0-9a-f]+ (commit|tree|blob|tag) (\d{1,15})$/.exec(line)
    if (match === null) throw broken(oid, line.endsWith(' missing') ? 'is missing' : 'is damaged')
    return { type: match[1]!, size: Number(match[2]) }
  }
}

/** What git prints, asked for piece by piece. */
class ByteReader {
  readonly #git: RunningGit
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)

  constructor(git: RunningGit) {
    this.#git = git
    this.#pieces = git.output[Symbol.asyncIterator]()
  }

  /** At least one and at most so many bytes. */
  async some(most: number): Promise<Buffer> {
    if (this.#held.length === 0) await this.#more()
    const piece = this.#held.subarray(0, most)
    this.#held = this.#held.subarray(piece.length)
    return piece
  }

  async take(count: number): Promise<Buffer> {
    if (this.#held.length >= count) return this.some(count)
    const pieces: Buffer[] = []
    for (let left = count; left > 0; ) {
      const piece = await this.some(left)
      pieces.push(piece)
      left -= piece.length
    }
    return Buffer.concat(pieces)
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) left -= (await this.some(left)).length
  }

  async line(): Promise<string> {
    const pieces: Buffer[] = []
    for (;;) {
      if (this.#held.length === 0) await this.#more()
      const end = this.#held.indexOf(10)
      pieces.push(end < 0 ? this.#held : this.#held.subarray(0, end))
      this.#held = end < 0 ? Buffer.alloc(0) : this.#held.subarray(end + 1)
      if (end >= 0) return Buffer.concat(pieces).toString('utf8')
    }
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#pieces.next()
    if (done === true) {
      await this.#git.finish()
      throw new VarveError('io', 'git ended before it said all')
    }
    this.#held = Buffer.from(value.buffer, value.byteOffset, value.length)
  }
}

function broken(oid: string, reason: string): VarveError {
  return new VarveError(
    'bad-input',
    `the git repository is damaged or not whole: object ${escapeControl(oid)} ${reason}`,
    {
      data: { object: oid, reason },
      hint: 'git fsck says more; git fetch may bring what is missing',
    },
  )
}
