import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository } from '../../src/plumbing/repository.ts'
import { openS3Storage, type S3Storage } from '../../src/storage/s3-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { openLocalCarrier } from '../../src/transport/local-carrier.ts'
import { describeCarrier } from '../contract/carrier.ts'
import { describeStorage } from '../contract/storage.ts'
import { effort } from '../support/effort.ts'
import { hasRadosgw, type S3Server, startRadosgw } from '../support/radosgw.ts'
import { ann } from '../support/repositories.ts'
import { served } from '../support/transfer.ts'

const BUCKET = 'varve-test'
let server: S3Server
let next = 0

const prefix = (): string => `${next++}/`
const open = (): Promise<Storage> =>
  openS3Storage({
    bucket: BUCKET,
    prefix: prefix(),
    endpoint: server.endpoint,
    region: 'us-east-1',
  })

describe.skipIf(!hasRadosgw())('a bucket of a real server', () => {
  beforeAll(async () => {
    server = await startRadosgw()
    Object.assign(process.env, server.env)
    await server.makeBucket(BUCKET)
  })
  afterAll(() => server?.stop())

  describeStorage('S3', open)

  describeCarrier('S3', {
    serve: async () => {
      const place = {
        bucket: BUCKET,
        prefix: prefix(),
        endpoint: server.endpoint,
        region: 'us-east-1',
      }
      const { repo } = await initRepository({ storage: await openS3Storage(place), who: ann(0) })
      const open = async () => assembleRepository({ storage: await openS3Storage(place) })
      return { repo, open: async () => openLocalCarrier(served(await open())) }
    },
    commitsEach: effort({ quick: 1, usual: 1, nightly: 25 }),
    clients: effort({ quick: 2, usual: 2, nightly: 8 }),
    everyCut: effort({ quick: 400, usual: 400, nightly: 1 }),
  })

  it('takes objects in parts, and ends uploads that nobody goes on with', async () => {
    const storage = await open()
    const part = randomBytes(8 * 1024 * 1024)
    const writer = await storage.create()
    for (let i = 0; i < 9; i++) await writer.write(part)
    await writer.write(Uint8Array.of(1, 2, 3))
    expect(await writer.publish('packs/large.pack')).toBe(true)
    expect(await storage.size('packs/large.pack')).toBe(9 * part.length + 3)
    const end = await storage.range('packs/large.pack', 9 * part.length - 1, 4)
    expect(end).toEqual(Uint8Array.of(part.at(-1)!, 1, 2, 3))
    expect(await storage.sweep(Date.now() + 60_000)).toBe(0)
  })

  it('ends what varve has begun, and leaves what others upload to the same bucket', async () => {
    const at = { bucket: BUCKET, prefix: '', endpoint: server.endpoint, region: 'us-east-1' }
    const storage = (await openS3Storage(at)) as S3Storage
    const { client, s3 } = storage
    const others = ['backup.tar', 'packs/backup.tar', `packs/${'0'.repeat(64)}.pack.old`]
    const own = Array.from({ length: 3 }, (_, at) => `packs/${String(at).repeat(64)}.pack`)
    for (const Key of [...others, ...own]) {
      await client.send(new s3.CreateMultipartUploadCommand({ Bucket: BUCKET, Key }))
    }
    expect(await storage.sweep(Date.now() + 60_000)).toBe(own.length)
    const left = await client.send(new s3.ListMultipartUploadsCommand({ Bucket: BUCKET }))
    expect((left.Uploads ?? []).map(({ Key }) => Key).sort()).toEqual([...others].sort())
  })

  it('says what is wrong with a bucket, a key and an address', async () => {
    const at = { prefix: '', endpoint: server.endpoint, region: 'us-east-1' }
    const missing = await openS3Storage({ ...at, bucket: 'no-such-bucket' })
    await expect(missing.get('a')).rejects.toMatchObject({ code: 'file-not-found' })
    await expect(missing.putIfAbsent('a', new Uint8Array(1))).rejects.toMatchObject({
      code: 'file-not-found',
    })
    const nobody = await openS3Storage({ ...at, bucket: BUCKET, endpoint: 'http://127.0.0.1:9' })
    await expect(nobody.get('a')).rejects.toMatchObject({ code: 'unreachable' })
    const { AWS_SECRET_ACCESS_KEY } = process.env
    process.env.AWS_SECRET_ACCESS_KEY = 'another'
    try {
      const stranger = await openS3Storage({ ...at, bucket: BUCKET })
      const refused = await stranger.get('a').catch((error) => error)
      expect(refused.code).toBe('access-denied')
      expect(`${refused.message}${JSON.stringify(refused.data)}`).not.toContain('another')
    } finally {
      process.env.AWS_SECRET_ACCESS_KEY = AWS_SECRET_ACCESS_KEY
    }
  })
})

/** A storage at a server of this process that answers as is said; of each request it gets method and path. */
async function withAnswers(
  answer: (request: string) => { readonly status: number; readonly body?: string },
  run: (storage: Storage) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    const { status, body } = answer(`${request.method} ${request.url}`)
    request.resume().on('end', () => response.writeHead(status).end(body))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  try {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })
    const { port } = server.address() as { port: number }
    const endpoint = `http://127.0.0.1:${port}`
    await run(await openS3Storage({ bucket: 'b', prefix: 'p/', endpoint, region: 'x' }))
  } finally {
    server.close()
  }
}

describe('a server that is made up', () => {
  it('is refused before anything is written where it ignores conditions', async () => {
    const written: string[] = []
    const answer = (request: string) => {
      if (request.startsWith('PUT')) written.push(request)
      return { status: 200 }
    }
    await withAnswers(answer, async (storage) => {
      await expect(storage.putIfAbsent('log/1', Uint8Array.of(1))).rejects.toMatchObject({
        code: 'refused',
      })
      expect(written.every((request) => request.includes('conditions-are-honoured'))).toBe(true)
    })
  })

  it('is asked again whether it honours conditions, where another one asked at the same time', async () => {
    const answers = [409, 200, 409, 412]
    const answer = (request: string) => ({
      status: request.includes('conditions-are-honoured') ? answers.shift()! : 200,
    })
    await withAnswers(answer, async (storage) => {
      expect(await storage.putIfAbsent('log/1', Uint8Array.of(1))).toBe(true)
      expect(answers).toEqual([])
    })
  })

  it('is asked again whether it honours conditions, where it could not be asked before', async () => {
    const answers = [403, 412]
    const answer = (request: string) => ({
      status: request.includes('conditions-are-honoured') ? answers.shift()! : 200,
    })
    await withAnswers(answer, async (storage) => {
      await expect(storage.putIfAbsent('log/1', Uint8Array.of(1))).rejects.toMatchObject({
        code: 'access-denied',
      })
      expect(await storage.putIfAbsent('log/1', Uint8Array.of(1))).toBe(true)
    })
  })

  it('makes nothing old by telling no time', async () => {
    const body =
      '<ListBucketResult><Contents><Key>p/packs/a.pack</Key><Size>1</Size></Contents></ListBucketResult>'
    await withAnswers(
      () => ({ status: 200, body }),
      async (storage) => {
        const [found] = await storage.list('packs/')
        expect(found).toMatchObject({ name: 'packs/a.pack', size: 1 })
        expect(found!.modified).toBeGreaterThan(Date.now())
      },
    )
  })
})
