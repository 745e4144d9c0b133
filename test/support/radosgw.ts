import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { temporaryFolder } from './temporary.ts'

const SCRIPT = resolve(import.meta.dirname, 'radosgw-up')
const PROGRAMS = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-mgr', 'curl']

/** Whether a real S3 server can be started here; says so loudly where it cannot. */
export function hasRadosgw(): boolean {
  const isRoot = process.geteuid?.() === 0
  const missing = PROGRAMS.filter(
    (name) => !['/usr/bin', '/usr/sbin'].some((folder) => existsSync(join(folder, name))),
  )
  const there = isRoot && missing.length === 0
  const why = isRoot ? `${missing.join(', ')} not installed` : 'not root'
  if (!there) process.stderr.write(`SKIPPED: tests with a real S3 server (radosgw): ${why}\n`)
  return there
}

export interface S3Server {
  /** What programs need of the environment to use it. */
  readonly env: Readonly<Record<string, string>>
  readonly endpoint: string
  makeBucket(name: string): Promise<void>
  stop(): void
}

/** Starts Ceph's gateway with one monitor, manager and store in memory: about twenty seconds. */
export async function startRadosgw(): Promise<S3Server> {
  const folder = join(temporaryFolder(), 'ceph')
  const port = await freePort()
  const { status, stdout, stderr } = spawnSync(SCRIPT, [folder, String(port)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`radosgw did not start: ${stderr}`)
  const env = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  )
  const endpoint = env.AWS_ENDPOINT_URL!
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID!,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY!,
    },
  })
  return {
    env,
    endpoint,
    async makeBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }))
    },
    stop() {
      client.destroy()
      spawnSync(SCRIPT, ['--stop', folder])
    },
  }
}

/** A port at which, and at the thousand above which, nothing listened a moment ago. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.on('error', fail)
    server.listen(20_000 + Math.floor(Math.random() * 10_000), '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}
