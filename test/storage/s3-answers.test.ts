import * as s3 from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { s3Error } from '../../src/storage/s3-client.ts'
import { PART } from '../../src/storage/s3-parts.ts'
import { S3Storage } from '../../src/storage/s3-storage.ts'
import { describeStorage } from '../contract/storage.ts'

const PLACE = { bucket: 'b', prefix: 'p/' }

/** A refusal as the SDK gives it; without a status no answer came. */
function failed(name: string, status?: number): Error {
  const error = Object.assign(new Error(name), {
    ...(status !== undefined && { $metadata: { httpStatusCode: status } }),
  })
  error.name = name
  return error
}

/** What requests say, each some of it. */
interface Input {
  readonly Key: string
  readonly Body: Uint8Array
  readonly IfNoneMatch?: string
  readonly Range?: string
  readonly Prefix: string
  readonly ContinuationToken?: string
  readonly UploadId: string
  readonly PartNumber: number
  readonly KeyMarker?: string
}
interface Ask {
  readonly input: Input
  readonly constructor: { readonly name: string }
}
type Answer = (ask: Input, count: number) => unknown

/** A server that keeps objects as S3 does, in lists of one object a page, and answers otherwise where `answers` say. */
function server(answers: Record<string, Answer> = {}): { storage: S3Storage; asked: string[] } {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Map<number, Buffer>>()
  const asked: string[] = []
  const own: Record<string, (ask: Input) => unknown> = {
    PutObject({ Key, Body, IfNoneMatch }) {
      if (IfNoneMatch === '*' && objects.has(Key)) throw failed('PreconditionFailed', 412)
      objects.set(Key, Buffer.from(Body))
      return {}
    },
    GetObject({ Key, Range }) {
      const found = objects.get(Key)
      if (found === undefined) throw failed('NoSuchKey', 404)
      const [from, to] = /bytes=(\d+)-(\d+)/
        .exec(Range ?? '')
        ?.slice(1)
        .map(Number) ?? [0, found.length]
      if (Range !== undefined && from! >= found.length) throw failed('InvalidRange', 416)
      const bytes = Range === undefined ? found : found.subarray(from, to! + 1)
      return { Body: { transformToByteArray: async () => new Uint8Array(bytes) } }
    },
    HeadObject({ Key }) {
      const found = objects.get(Key)
      if (found === undefined) throw failed('NotFound', 404)
      return { ContentLength: found.length }
    },
    ListObjectsV2({ Prefix, ContinuationToken = '' }) {
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(Prefix) && key > ContinuationToken)
        .sort()
      const [Key] = keys
      if (Key === undefined) return {}
      const Contents = [{ Key, Size: objects.get(Key)!.length, LastModified: new Date() }]
      return keys.length === 1
        ? { Contents }
        : { Contents, IsTruncated: true, NextContinuationToken: Key }
    },
    DeleteObject({ Key }) {
      if (!objects.delete(Key)) throw failed('NoSuchKey', 404)
      return {}
    },
    CreateMultipartUpload: ({ Key }) => {
      uploads.set(Key, new Map())
      return { UploadId: Key }
    },
    UploadPart({ UploadId, PartNumber, Body }) {
      uploads.get(UploadId)!.set(PartNumber, Buffer.from(Body))
      return { ETag: `${PartNumber}` }
    },
    CompleteMultipartUpload({ Key, UploadId }) {
      objects.set(Key, Buffer.concat([...uploads.get(UploadId)!.values()]))
      uploads.delete(UploadId)
      return {}
    },
    AbortMultipartUpload({ UploadId }) {
      if (!uploads.delete(UploadId)) throw failed('NoSuchUpload', 404)
      return {}
    },
    ListMultipartUploads({ KeyMarker = '' }) {
      const keys = [...uploads.keys()].filter((key) => key > KeyMarker).sort()
      const Uploads = keys
        .slice(0, 1)
        .map((Key) => ({ Key, UploadId: Key, Initiated: new Date(1000) }))
      return {
        Uploads,
        ...(keys.length > 1 && {
          IsTruncated: true,
          NextKeyMarker: keys[0],
          NextUploadIdMarker: 'x',
        }),
      }
    },
  }
  const counts = new Map<string, number>()
  const client = {
    async send(ask: Ask) {
      const name = ask.constructor.name.replace(/Command$/, '')
      asked.push(name)
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      const other = answers[name]?.(ask.input, count)
      return other ?? own[name]!(ask.input)
    },
    destroy: () => undefined,
  }
  return { storage: new S3Storage(s3, client as never, PLACE), asked }
}

describeStorage('a server that lists an object a page', async () => server().storage)

const bytes = Uint8Array.of(1, 2, 3)
const fails = (name: string, status?: number, until = Number.POSITIVE_INFINITY): Answer => {
  return (_, count) => {
    if (count <= until) throw failed(name, status)
    return undefined
  }
}

describe('a bucket', () => {
  it.each([
    ['get', 'GetObject'],
    ['size', 'HeadObject'],
    ['list', 'ListObjectsV2'],
    ['delete', 'DeleteObject'],
    ['sweep', 'ListMultipartUploads'],
    ['range', 'GetObject'],
  ] as const)('that is not there, or not for everybody, is told by %s', async (call, request) => {
    const run = (storage: S3Storage): Promise<unknown> => {
      if (call === 'sweep') return storage.sweep(5000)
      if (call === 'range') return storage.range('log/1', 0, 2)
      return storage[call](call === 'list' ? 'log/' : 'log/1')
    }
    for (const [error, code] of [
      [fails('NoSuchBucket', 404), 'file-not-found'],
      [fails('AccessDenied', 403), 'access-denied'],
      [fails('SlowDown', 503), 'io'],
    ] as const) {
      await expect(run(server({ [request]: error }).storage)).rejects.toMatchObject({ code })
    }
  })

  it('takes a name once, whatever becomes of answers', async () => {
    const lost = server({
      PutObject: ({ Key }, count) => {
        if (Key === 'p/log/1' && count < 5) throw failed('InternalError', 500)
      },
    })
    expect(await lost.storage.putIfAbsent('log/1', bytes)).toBe(true)
    const never = server({
      PutObject: ({ Key }) => {
        if (Key === 'p/log/1') throw failed('NetworkingError')
      },
    })
    await expect(never.storage.putIfAbsent('log/1', bytes)).rejects.toMatchObject({ code: 'io' })
    const denied = server({
      PutObject: ({ Key }) => {
        if (Key === 'p/log/1') throw failed('AccessDenied', 403)
      },
    })
    await expect(denied.storage.putIfAbsent('log/1', bytes)).rejects.toMatchObject({
      code: 'access-denied',
    })
    expect(never.asked.filter((name) => name === 'PutObject').length).toBeGreaterThan(5)
  }, 60_000)

  it('is asked again whether it honours conditions, where that could not be found out', async () => {
    const { storage } = server({ PutObject: fails('AccessDenied', 403, 1) })
    await expect(storage.putIfAbsent('log/1', bytes)).rejects.toMatchObject({
      code: 'access-denied',
    })
    expect(await storage.putIfAbsent('log/1', bytes)).toBe(true)
    const careless = server({ PutObject: () => ({}) })
    await expect(careless.storage.putIfAbsent('log/1', bytes)).rejects.toMatchObject({
      code: 'refused',
    })
  })

  it('takes a large object in parts: whole where the last answer was lost, and not where it was not', async () => {
    const write = async ({ storage }: ReturnType<typeof server>): Promise<boolean> => {
      const writer = await storage.create()
      await writer.write(new Uint8Array(PART))
      await writer.write(bytes)
      return writer.publish('packs/large.pack')
    }
    const whole = server()
    expect(await write(whole)).toBe(true)
    expect(await write(whole)).toBe(false)
    expect(await whole.storage.size('packs/large.pack')).toBe(PART + 3)
    for (const request of ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload']) {
      const failing = server({ [request]: fails('InternalError', 500) })
      await expect(write(failing)).rejects.toMatchObject({ code: 'io' })
      expect(await failing.storage.size('packs/large.pack')).toBeUndefined()
      const begun = request !== 'CreateMultipartUpload'
      expect(failing.asked.includes('AbortMultipartUpload')).toBe(begun)
    }
    const lost = server()
    const { client } = lost.storage
    const send = client.send.bind(client) as (command: unknown) => Promise<unknown>
    Object.assign(client, {
      send: async (command: Ask) => {
        const answer = await send(command)
        if (command.constructor.name.startsWith('Complete')) throw failed('NetworkingError')
        return answer
      },
    })
    expect(await write(lost)).toBe(true)
  })

  it('is swept of uploads of packs, page by page, also where somebody else ends them', async () => {
    const { storage } = server({
      AbortMultipartUpload: (_, count) => {
        if (count === 2) throw failed('NoSuchUpload', 404)
      },
    })
    for (const key of [
      'packs/other',
      ...['a', 'b', 'c'].map((letter) => `packs/${letter.repeat(64)}.pack`),
    ]) {
      await storage.client.send(
        new s3.CreateMultipartUploadCommand({ Bucket: 'b', Key: `p/${key}` }),
      )
    }
    expect(await storage.sweep(500)).toBe(0)
    expect(await storage.sweep(5000)).toBe(2)
    const denied = server({ AbortMultipartUpload: fails('AccessDenied', 403) })
    const Key = `p/packs/${'a'.repeat(64)}.pack`
    await denied.storage.client.send(new s3.CreateMultipartUploadCommand({ Bucket: 'b', Key }))
    await expect(denied.storage.sweep(5000)).rejects.toMatchObject({ code: 'access-denied' })
  })
})

it.each([
  [Object.assign(failed('x'), { name: 'CredentialsProviderError' }), 'access-denied'],
  [new Error('Region is missing'), 'access-denied'],
  [Object.assign(failed('x'), { code: 'ECONNREFUSED' }), 'unreachable'],
  [failed('NoSuchBucket', 404), 'file-not-found'],
  [failed('Unauthorized', 401), 'access-denied'],
  [failed('Forbidden', 403), 'access-denied'],
  [failed('Odd', 418), 'io'],
  [failed('Odd'), 'io'],
])('a failed request (%s) is %s', (error, code) => {
  expect(s3Error(error, 'read', 's3://b/x')).toMatchObject({ code, data: { path: 's3://b/x' } })
})

it('what is no failure of a request stays as it is', () => {
  const own = new VarveError('conflict', 'x')
  expect(s3Error(own, 'read', 'x')).toBe(own)
  expect(s3Error('text', 'read', 'x')).toBe('text')
})
