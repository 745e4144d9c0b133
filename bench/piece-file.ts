import { closeSync, openSync, writeSync } from 'node:fs'

/** A file that is written piece by piece. */
export class PieceFile {
  readonly #file: number
  bytes = 0

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  write(piece: NodeJS.ArrayBufferView | string): void {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < view.length; ) at += writeSync(this.#file, view, at)
    this.bytes += view.length
  }

  close(): void {
    closeSync(this.#file)
  }
}
