import { VarveError } from '../core/errors.ts'
import type { SpillFile } from '../core/spill.ts'
import { s3Error } from './s3-client.ts'
import type { S3Storage } from './s3-storage.ts'
import { openSpill } from './spill.ts'
import type { StorageWriter } from './storage.ts'

/** Larger objects are sent in parts of this many bytes, of which S3 takes 10,000. */
const PART = 64 * 1024 * 1024

/** An object on its way to a bucket: it waits in a temporary file, and is sent when it is published. */
export class S3Writer implements StorageWriter {
  readonly #storage: S3Storage
  #file: SpillFile | undefined
  #length = 0
  #isOpen = true

  constructor(storage: S3Storage) {
    this.#storage = storage
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    this.#file ??= await openSpill().create()
    await this.#file.write(bytes)
    this.#length += bytes.length
  }

  async range(offset: number, length: number): Promise<Uint8Array> {
    this.#checkOpen()
    if (length === 0 && offset <= this.#length) return new Uint8Array(0)
    if (this.#file === undefined || offset < 0 || offset + length > this.#length) {
      throw new VarveError('io', `an object being written ends before byte ${offset + length}`)
    }
    return this.#file.range(offset, length)
  }

  async publish(name: string): Promise<boolean> {
    this.#checkOpen()
    this.#storage.key(name)
    try {
      await this.#storage.probe()
      if (this.#length <= PART) {
        return await this.#storage.putConditionally(name, await this.range(0, this.#length))
      }
      return await this.#publishInParts(name)
    } finally {
      await this.discard()
    }
  }

  /** A name of several parts is named after its content: who is first has published the same. */
  async #publishInParts(name: string): Promise<boolean> {
    const { s3, client, bucket: Bucket } = this.#storage
    if ((await this.#storage.size(name)) !== undefined) return false
    const Key = this.#storage.key(name)
    let UploadId: string | undefined
    try {
      const begun = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key }))
      UploadId = begun.UploadId
      const Parts: { PartNumber: number; ETag: string | undefined }[] = []
      for (let offset = 0; offset < this.#length; offset += PART) {
        const Body = await this.range(offset, Math.min(PART, this.#length - offset))
        const PartNumber = Parts.length + 1
        const ask = { Bucket, Key, UploadId, PartNumber, Body }
        const { ETag } = await client.send(new s3.UploadPartCommand(ask))
        Parts.push({ PartNumber, ETag })
      }
      const ask = { Bucket, Key, UploadId, MultipartUpload: { Parts } }
      await client.send(new s3.CompleteMultipartUploadCommand(ask))
      return true
    } catch (error) {
      // The answer may have been lost after the object was there.
      if ((await this.#storage.size(name).catch(() => undefined)) === this.#length) return true
      await this.#abandon(Key, UploadId)
      throw s3Error(error, 'write', this.#storage.where(name))
    }
  }

  async #abandon(Key: string, UploadId: string | undefined): Promise<void> {
    if (UploadId === undefined) return
    const { s3, client, bucket: Bucket } = this.#storage
    const abort = new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId })
    // What cannot be ended now is ended by gc.
    await client.send(abort).catch(() => undefined)
  }

  async discard(): Promise<void> {
    this.#isOpen = false
    await this.#file?.discard()
    this.#file = undefined
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new VarveError('io', 'an object was written to after it was closed')
  }
}
