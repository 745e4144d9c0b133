import { hasCode } from '../core/errors.ts'
import { openServedRoot } from '../storage/served-root.ts'
import { type HttpAccess, startHttpServer } from '../transport/http-server.ts'
import { openLocalCarrier } from '../transport/local-carrier.ts'
import { openServed } from './open-served.ts'
import { watchTokens } from './token-file.ts'

export type { HttpAccess } from '../transport/http-server.ts'

export interface ServeHttpOptions {
  /** The folder whose repositories are served; no others are. */
  readonly root: string
  readonly address: string
  /** 0 for any that is free. */
  readonly port: number
  readonly allowPush: boolean
  /** Reading needs a token too. */
  readonly isPrivate: boolean
  /** The file of tokens; without one nobody has any. */
  readonly tokens?: string | undefined
  readonly tls?: { readonly cert: Uint8Array; readonly key: Uint8Array } | undefined
  readonly hosts: readonly string[]
  readonly trustProxy: boolean
  /** Bytes that a push may bring at most. */
  readonly maxPushBytes?: number | undefined
  /** The clock: milliseconds since 1970, and minutes east of UTC. */
  now(): { readonly milliseconds: number; readonly offsetMinutes: number }
  /** Stops the server. */
  readonly signal: AbortSignal
}

/** What a server says of itself: where it is, then each request. */
export type ServeEvent =
  | { readonly kind: 'listening'; readonly url: string; readonly root: string }
  | ({ readonly kind: 'access' } & HttpAccess)

/** How long requests at work may take to end once the server is to stop, in milliseconds. */
const STOP_MS = 8_000

/**
 * Serves the repositories below a folder over HTTP until `signal` comes: then it takes no more requests, and ends when
 * those at work have.
 */
export async function* serveHttp(options: ServeHttpOptions): AsyncGenerator<ServeEvent, void> {
  const { allowPush, isPrivate, signal } = options
  const root = openServedRoot(options.root)
  const tokens = options.tokens === undefined ? async () => [] : watchTokens(options.tokens)
  // A file that is wrong is told before anybody connects.
  await tokens()
  const events = new Events()
  const server = await startHttpServer({
    address: options.address,
    port: options.port,
    tls: options.tls,
    hosts: options.hosts,
    trustProxy: options.trustProxy,
    rules: async () => ({ allowPush, isPrivate, tokens: await tokens() }),
    open: async (repository, token) => {
      const found = root.find(repository)
      if (found === undefined) return undefined
      const client = {
        name: token?.name ?? 'anonymous',
        email: token === undefined ? '' : `${token.id}@token`,
      }
      try {
        const { place, close } = await openServed(found, {
          policy: { readOnly: !allowPush, maxBytes: options.maxPushBytes },
          client,
          now: () => {
            const { milliseconds, offsetMinutes } = options.now()
            return { seconds: Math.floor(milliseconds / 1000), offsetMinutes }
          },
        })
        return openLocalCarrier(place, { location: repository, close })
      } catch (error) {
        if (hasCode(error, 'not-a-repository')) return undefined
        throw error
      }
    },
    now: () => options.now().milliseconds,
    onAccess: (access) => events.add({ kind: 'access', ...access }),
  })
  const stop = () => void server.close(STOP_MS).then(() => events.end())
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    yield { kind: 'listening', url: server.url, root: root.folder }
    yield* events
  } finally {
    signal.removeEventListener('abort', stop)
    await server.close(0)
  }
}

/** Events on their way to whoever writes them down, who may be slower than they come: then the oldest are lost. */
class Events implements AsyncIterable<ServeEvent> {
  static readonly #MOST = 10_000
  readonly #waiting: ServeEvent[] = []
  #wake: (() => void) | undefined
  #isOver = false

  add(event: ServeEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > Events.#MOST) this.#waiting.shift()
    this.#wake?.()
  }

  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ServeEvent, void> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next !== undefined) yield next
      else if (this.#isOver) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
