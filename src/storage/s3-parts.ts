import { s3Error } from './s3-client.ts'
import type { S3Storage } from './s3-storage.ts'
import type { Spooled } from './spooled-writer.ts'

/** Larger objects are sent in parts of this many bytes, of which S3 takes 10,000. */
export const PART = 64 * 1024 * 1024

/**
 * Publishes a large object in parts. Such names are made of what they name: who is first has published the same.
 * Returns false where the name is taken.
 */
export async function putInParts(
  storage: S3Storage,
  name: string,
  { length, range }: Spooled,
): Promise<boolean> {
  const { s3, client, bucket: Bucket } = storage
  if ((await storage.size(name)) !== undefined) return false
  const Key = storage.key(name)
  let UploadId: string | undefined
  try {
    const begun = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key }))
    UploadId = begun.UploadId
    const Parts: { PartNumber: number; ETag: string | undefined }[] = []
    for (let offset = 0; offset < length; offset += PART) {
      const Body = await range(offset, Math.min(PART, length - offset))
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
    if ((await storage.size(name).catch(() => undefined)) === length) return true
    const abort = new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId })
    // What cannot be ended now is ended by a sweep.
    if (UploadId !== undefined) await client.send(abort).catch(() => undefined)
    throw s3Error(error, 'write', storage.where(name))
  }
}
