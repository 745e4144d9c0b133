import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository } from '../../src/plumbing/repository.ts'
import { openS3Storage } from '../../src/storage/s3-storage.ts'
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
    clients: effort({ quick: 2, usual: 3, nightly: 8 }),
    everyCut: effort({ quick: 200, usual: 100, nightly: 1 }),
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

describe('a server that ignores conditions', () => {
  it('is refused before anything is written', async () => {
    const written: string[] = []
    const server = createServer((request, response) => {
      if (request.method === 'PUT') written.push(request.url!)
      request.resume().on('end', () => response.writeHead(200).end())
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    try {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })
      const { port } = server.address() as { port: number }
      const endpoint = `http://127.0.0.1:${port}`
      const storage = await openS3Storage({ bucket: 'b', prefix: 'p/', endpoint, region: 'x' })
      await expect(storage.putIfAbsent('log/1', Uint8Array.of(1))).rejects.toMatchObject({
        code: 'refused',
      })
      expect(written.every((url) => url.includes('conditions-are-honoured'))).toBe(true)
    } finally {
      server.close()
    }
  })
})
