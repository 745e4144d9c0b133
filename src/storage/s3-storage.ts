import type { MultipartUpload, S3Client } from '@aws-sdk/client-s3'
import { equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { openS3Client, type S3, type S3Place, s3Error, statusOf } from './s3-client.ts'
import { PART, putInParts } from './s3-parts.ts'
import { type Spooled, SpooledWriter } from './spooled-writer.ts'
import type { Storage, StorageEntry, StorageWriter } from './storage.ts'
import { checkStorageName, checkStoragePrefix } from './storage-name.ts'

/** The object that shows whether the server honours conditions. */
const PROBE = 'conditions-are-honoured'
const PACKS = 'packs/'
/** Attempts to find out how a request ended whose answer was lost. */
const UNKNOWN_OUTCOMES = 8

/**
 * Storage in a bucket: an object of S3 for each object, under a prefix. Names are taken with conditional writes
 * (`If-None-Match: *`); a server that ignores conditions is refused before anything is written.
 */
export async function openS3Storage(place: S3Place): Promise<Storage> {
  const [s3, client] = await openS3Client(place)
  return new S3Storage(s3, client, place)
}

export class S3Storage implements Storage {
  readonly location: string
  readonly s3: S3
  readonly client: S3Client
  readonly bucket: string
  readonly #prefix: string
  #probed: Promise<void> | undefined

  constructor(s3: S3, client: S3Client, { bucket, prefix }: S3Place) {
    this.s3 = s3
    this.client = client
    this.bucket = bucket
    this.#prefix = prefix
    this.location = `s3://${bucket}/${prefix}`
  }

  key(name: string): string {
    checkStorageName(name)
    return `${this.#prefix}${name}`
  }

  where(name: string): string {
    return `${this.location}${name}`
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return this.#get(name, {})
  }

  async range(name: string, offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) {
      const size = await this.size(name)
      if (size !== undefined && offset >= 0 && offset <= size) return new Uint8Array(0)
      throw this.#tooShort(name, offset, length)
    }
    if (offset < 0 || length < 0) throw this.#tooShort(name, offset, length)
    const found = await this.#get(name, { Range: `bytes=${offset}-${offset + length - 1}` })
    if (found?.length !== length) throw this.#tooShort(name, offset, length)
    return found
  }

  async #get(name: string, ask: { readonly Range?: string }): Promise<Uint8Array | undefined> {
    const Key = this.key(name)
    try {
      const command = new this.s3.GetObjectCommand({ Bucket: this.bucket, Key, ...ask })
      const { Body } = await this.client.send(command)
      return (await Body?.transformToByteArray()) ?? new Uint8Array(0)
    } catch (error) {
      // 416: the range begins behind the end.
      const status = statusOf(error)
      if (status === 416 || this.#isMissing(error)) return undefined
      throw s3Error(error, 'read', this.where(name))
    }
  }

  async size(name: string): Promise<number | undefined> {
    const Key = this.key(name)
    try {
      const command = new this.s3.HeadObjectCommand({ Bucket: this.bucket, Key })
      return (await this.client.send(command)).ContentLength ?? 0
    } catch (error) {
      if (this.#isMissing(error)) return undefined
      throw s3Error(error, 'look at', this.where(name))
    }
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    checkStorageName(name)
    await this.#honoursConditions()
    return this.#putConditionally(name, bytes)
  }

  async #putConditionally(name: string, bytes: Uint8Array): Promise<boolean> {
    const Key = this.key(name)
    const ask = {
      ...{ Bucket: this.bucket, Key, IfNoneMatch: '*' },
      ...{ Body: bytes, ContentLength: bytes.length },
    }
    for (let attempt = 1; ; attempt++) {
      let failure: unknown
      try {
        await this.client.send(new this.s3.PutObjectCommand(ask))
        return true
      } catch (error) {
        const status = statusOf(error)
        // Taken, or unknown: also a name that is taken may be one's own, whose answer was lost on the way.
        if (status !== undefined && status !== 409 && status !== 412 && status < 500) {
          throw s3Error(error, 'write', this.where(name))
        }
        failure = error
      }
      const found = await this.get(name)
      if (found !== undefined) return equalBytes(found, bytes)
      if (attempt === UNKNOWN_OUTCOMES) throw s3Error(failure, 'write', this.where(name))
      await pause(attempt)
    }
  }

  async create(): Promise<StorageWriter> {
    return new SpooledWriter((name, spooled) => this.#send(name, spooled))
  }

  async #send(name: string, spooled: Spooled): Promise<boolean> {
    checkStorageName(name)
    await this.#honoursConditions()
    if (spooled.length > PART) return putInParts(this, name, spooled)
    return this.#putConditionally(name, await spooled.range(0, spooled.length))
  }

  async list(prefix: string): Promise<StorageEntry[]> {
    checkStoragePrefix(prefix)
    const found: StorageEntry[] = []
    const Prefix = `${this.#prefix}${prefix}`
    try {
      for (let token: string | undefined; ; ) {
        const command = new this.s3.ListObjectsV2Command({
          Bucket: this.bucket,
          Prefix,
          ...(token !== undefined && { ContinuationToken: token }),
        })
        const page = await this.client.send(command)
        for (const { Key, Size, LastModified } of page.Contents ?? []) {
          const name = Key!.slice(this.#prefix.length)
          // What no time is told of is never old.
          const modified = LastModified?.getTime() ?? Number.POSITIVE_INFINITY
          found.push({ name, size: Size ?? 0, modified })
        }
        token = page.NextContinuationToken
        if (page.IsTruncated !== true || token === undefined) return found
      }
    } catch (error) {
      throw s3Error(error, 'list', this.where(prefix))
    }
  }

  async delete(name: string): Promise<void> {
    const Key = this.key(name)
    try {
      await this.client.send(new this.s3.DeleteObjectCommand({ Bucket: this.bucket, Key }))
    } catch (error) {
      if (!this.#isMissing(error)) throw s3Error(error, 'delete', this.where(name))
    }
  }

  /** Ends uploads in parts that nobody goes on with: of packs, as nothing else is large. Others may use the bucket too. */
  async sweep(before: number): Promise<number> {
    let ended = 0
    try {
      for await (const { Key, UploadId, Initiated } of this.#uploads()) {
        if (Key === undefined || !isPackName(Key.slice(this.#prefix.length))) continue
        if (Initiated === undefined || Initiated.getTime() >= before) continue
        const ask = { Bucket: this.bucket, Key, UploadId }
        try {
          await this.client.send(new this.s3.AbortMultipartUploadCommand(ask))
          ended++
        } catch (error) {
          // Somebody else has ended it.
          if (!this.#isMissing(error)) throw error
        }
      }
      return ended
    } catch (error) {
      throw s3Error(error, 'sweep', this.location)
    }
  }

  async *#uploads(): AsyncGenerator<MultipartUpload> {
    const ask = { Bucket: this.bucket, Prefix: `${this.#prefix}${PACKS}` }
    for (let after = {}; ; ) {
      const page = await this.client.send(
        new this.s3.ListMultipartUploadsCommand({ ...ask, ...after }),
      )
      yield* page.Uploads ?? []
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
      if (page.IsTruncated !== true || KeyMarker === undefined) return
      after = { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) }
    }
  }

  async close(): Promise<void> {
    this.client.destroy()
  }

  /**
   * Asks once whether the server honours conditions: `refused` where it does not, as writers would lose each other's
   * work there.
   */
  #honoursConditions(): Promise<void> {
    const probed = this.#probed ?? this.#probe()
    this.#probed = probed
    // What hindered it may be over when it is asked for again.
    probed.catch(() => {
      if (this.#probed === probed) this.#probed = undefined
    })
    return probed
  }

  async #probe(): Promise<void> {
    const ask = { Bucket: this.bucket, Key: this.key(PROBE), Body: PROBE, IfNoneMatch: '*' }
    // Taken by an earlier probe, or by this one: the second is refused in any case.
    for (let attempt = 1, taken = 0; taken < 2; attempt++) {
      try {
        await this.client.send(new this.s3.PutObjectCommand(ask))
        taken++
      } catch (error) {
        const status = statusOf(error)
        if (status === 412) return
        // Another one asks the same at the same time, which not all servers say by 409.
        const isRace = status !== undefined && (status === 409 || status >= 500)
        if (!isRace || attempt === UNKNOWN_OUTCOMES) throw s3Error(error, 'write', this.location)
        await pause(attempt)
      }
    }
    throw new VarveError('refused', `${this.location} takes a name twice: it ignores conditions`, {
      data: { path: this.location },
      hint: 'varve writes to servers that honour If-None-Match, as Amazon S3, Ceph and MinIO do',
    })
  }

  #isMissing(error: unknown): boolean {
    const { name } = error as Error
    return statusOf(error) === 404 && name !== 'NoSuchBucket'
  }

  #tooShort(name: string, offset: number, length: number): VarveError {
    return new VarveError('io', `${this.where(name)} has no ${length} bytes from ${offset}`, {
      data: { path: this.where(name), offset, length },
    })
  }
}

function isPackName(name: string): boolean {
  return /^packs\/[0-9a-f]{64}\.pack$/.test(name)
}

/** Waits before an attempt is made again, longer each time. */
function pause(attempt: number): Promise<void> {
  const milliseconds = 2 ** attempt * 10 * (0.5 + Math.random())
  return new Promise((done) => setTimeout(done, milliseconds))
}
