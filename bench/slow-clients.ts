import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Id } from '../src/core/id.ts'
import { encodeFetchRequest, encodeListRequest } from '../src/transport/requests.ts'

// Clients of `varve serve` that hold what they have as long as they may, each from an address of its own (all of 127/8 is
// this machine): limits that go by address do not tell them from as many strangers.

/** How a client is slow. */
export type Slowness =
  /** Says nothing. */
  | 'silent'
  /** Sends the head of a request, a byte at a time. */
  | 'head'
  /** … its body. */
  | 'body'
  /** Asks for all of a repository, and reads nothing of it. */
  | 'answer'

export interface SlowClients {
  /** Those whose connection the server has not ended; of `answer` a client does not see that. */
  open(how: Slowness): number
  close(): void
}

const TYPE = 'application/x-varve-request'
/** Milliseconds between bytes. */
const DRIP_MS = 1000

/**
 * Connects so many clients, equally many of each kind, and gives them back when all are connected.
 * @param path of a repository whose answer does not fit into what two machines keep on the way: some 8 MB
 * @param tip a commit of it
 */
export async function openSlowClients(
  url: string,
  { count, path, tip }: { readonly count: number; readonly path: string; readonly tip: Id },
): Promise<SlowClients> {
  const { hostname, port } = new URL(url)
  const kinds: readonly Slowness[] = ['silent', 'head', 'body', 'answer']
  const sockets = new Map<Slowness, Set<Socket>>(kinds.map((how) => [how, new Set()]))
  const timers = new Set<NodeJS.Timeout>()
  const start = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const how = kinds[at % kinds.length]!
      const localAddress = `127.0.${1 + (at >> 7)}.${1 + (at & 127)}`
      const socket = connect({ host: hostname, port: Number(port), localAddress })
      const mine = sockets.get(how)!
      mine.add(socket)
      const end = () => {
        clearInterval(timer)
        timers.delete(timer)
        mine.delete(socket)
      }
      const timer = setInterval(() => {
        if (how === 'head' || how === 'body') socket.write('0')
      }, DRIP_MS)
      timers.add(timer)
      socket.on('error', reject)
      socket.on('close', end)
      // Without reading, the end would not be seen; of an answer nothing is to be read.
      if (how === 'answer') socket.pause()
      else socket.resume()
      socket.on('connect', () => {
        socket.on('error', end)
        socket.write(beginningOf(how, path, tip))
        resolve()
      })
    })
  await Promise.all(Array.from({ length: count }, (_, at) => start(at)))
  return {
    open: (how) => sockets.get(how)!.size,
    close() {
      for (const timer of timers) clearInterval(timer)
      for (const mine of sockets.values()) for (const socket of mine) socket.destroy()
    },
  }
}

function beginningOf(how: Slowness, path: string, tip: Id): Uint8Array | string {
  const head = `POST /${path}/varve/upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${TYPE}\r\n`
  switch (how) {
    case 'silent':
      return ''
    case 'head':
      return `${head}X-Slow: `
    case 'body':
      return `${head}Content-Length: 100000\r\n\r\n`
    case 'answer': {
      const rest = { done: true, depth: undefined, haves: [], shallow: [], staged: [] }
      const body = Buffer.concat([...encodeFetchRequest({ ...rest, wants: [tip] })])
      return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body])
    }
  }
}

/**
 * Asks for the refs of a repository, over a new connection; where the server says that it has no room, again when it says, as
 * varve does. Returns the status and the bytes of the last answer.
 */
export async function listRefs(
  url: string,
  path: string,
): Promise<{ readonly status: number; readonly bytes: number }> {
  for (let attempt = 1; ; attempt++) {
    const { retryAfter, ...answer } = await askForRefs(url, path)
    if (answer.status !== 503 || attempt === ATTEMPTS) return answer
    await new Promise((resolve) => setTimeout(resolve, 1000 * retryAfter))
  }
}

const ATTEMPTS = 6

function askForRefs(
  url: string,
  path: string,
): Promise<{ status: number; bytes: number; retryAfter: number }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/${path}/varve/upload-pack`,
      { method: 'POST', agent: false, headers: { 'Content-Type': TYPE } },
      (response) => {
        let bytes = 0
        response.on('data', (piece: Buffer) => {
          bytes += piece.length
        })
        response.on('error', reject)
        response.on('end', () => {
          const retryAfter = Number(response.headers['retry-after'] ?? 1)
          resolve({ status: response.statusCode!, bytes, retryAfter })
        })
      },
    )
    asked.on('error', reject)
    asked.end(Buffer.concat([...encodeListRequest(undefined)]))
  })
}

export interface RunningServer {
  readonly url: string
  /** What it logged so far, each request a line. */
  readonly log: { readonly status: number; readonly path: string; readonly error?: string }[]
  /** The most memory that it had at once, in bytes; undefined where the system does not say. */
  peakBytes(): number | undefined
  stop(): Promise<void>
}

/** Starts a program that serves over HTTP and logs in JSON, and waits until it listens. */
export async function startServer(command: readonly string[]): Promise<RunningServer> {
  const [program, ...args] = command
  const server: ChildProcess = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const log: RunningServer['log'] = []
  const ended = new Promise<void>((resolve) => server.on('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    server.on('error', reject)
    server.on('close', () => reject(new Error('the server ended')))
    createInterface({ input: server.stdout! }).on('line', (line) => {
      const event = JSON.parse(line)
      if (event.kind === 'listening') resolve(event.url)
      else log.push(event)
    })
  })
  return {
    url,
    log,
    peakBytes() {
      if (process.platform !== 'linux') return undefined
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
      return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) * 1024
    },
    async stop() {
      server.kill()
      await ended
    },
  }
}
