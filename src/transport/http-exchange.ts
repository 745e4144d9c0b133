import type { IncomingMessage, ServerResponse } from 'node:http'
import { ByteWriter } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { Carrier, Service } from './carrier.ts'
import { type AccessRules, decideAccess } from './http-access.ts'
import type { Connections } from './http-connections.ts'
import { Patience } from './http-patience.ts'
import { type Rates, WRONG_TOKEN } from './http-rates.ts'
import { errorWord, Refusal, refusalOf, tooMany } from './http-refusal.ts'
import {
  ANSWER_TYPE,
  bearerToken,
  type HttpTarget,
  isOwnHost,
  parseTarget,
  REQUEST_TYPE,
} from './http-request.ts'
import type { Slots } from './http-slots.ts'
import type { Token } from './tokens.ts'

export interface HttpServerOptions {
  readonly address: string
  /** 0 for any that is free. */
  readonly port: number
  readonly tls?: { readonly cert: Uint8Array; readonly key: Uint8Array } | undefined
  /** Names that the server is called by, besides addresses and localhost. */
  readonly hosts: readonly string[]
  /** Whether a proxy in front says in `X-Forwarded-For` who asks. */
  readonly trustProxy?: boolean | undefined
  /** Asked at every request, so that a token that was taken back counts no more. */
  rules(): AccessRules | Promise<AccessRules>
  /** The repository at a path below the root; undefined where there is none. Closed after its exchange. */
  open(repository: string, token: Token | undefined): Promise<Carrier | undefined>
  /** Milliseconds since 1970. */
  now(): number
  onAccess(access: HttpAccess): void
}

/** One request, for the log. Nothing in it is a secret. */
export interface HttpAccess {
  /** When it came: milliseconds since 1970. */
  readonly time: number
  readonly address: string
  /** The name of the token. */
  readonly who: string | undefined
  readonly method: string
  readonly path: string
  readonly status: number
  /** Of bodies. */
  readonly received: number
  readonly sent: number
  readonly milliseconds: number
  /** Why it ended as it did, where that was not well. */
  readonly error: string | undefined
}

/** What all requests to a server have in common. */
export interface Shared {
  readonly options: HttpServerOptions
  readonly hosts: ReadonlySet<string>
  readonly rates: Rates
  readonly connections: Connections
  readonly slots: Slots
  readonly stopping: AbortController
}

const MOST_HEADERS = 100
/** A request of up to this many bytes is read before a repository is opened for it. */
const SMALL = 256 * 1024
const PATIENCE_AFTER_MS = 10_000

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="varve"' }
const ALWAYS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'",
}

/** The first bytes of a body, and what comes after them: nothing where they are all. */
interface BodyStart {
  readonly bytes: Uint8Array
  readonly rest: AsyncIterator<Uint8Array> | undefined
}

/** One request, from its head to the last byte of its answer. */
export class HttpExchange {
  readonly #shared: Shared
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #address: string
  readonly #abort = new AbortController()
  readonly #patience: Patience
  #who: string | undefined
  #received = 0
  #sent = 0
  #error: string | undefined

  constructor(shared: Shared, request: IncomingMessage, response: ServerResponse) {
    this.#shared = shared
    this.#request = request
    this.#response = response
    this.#address = addressOf(request, shared.options.trustProxy === true)
    this.#patience = new Patience(() => this.#giveUp('the client is too slow'))
  }

  async answer(): Promise<void> {
    const { connections, options, stopping } = this.#shared
    const { socket } = this.#request
    const time = options.now()
    const start = performance.now()
    const onStop = () => this.#giveUp('the server is stopped')
    connections.begin(socket)
    stopping.signal.addEventListener('abort', onStop, { once: true })
    this.#request.on('error', () => undefined)
    this.#response.on('error', () => undefined)
    this.#response.on('close', () => {
      if (!this.#response.writableFinished)
        this.#abort.abort(new VarveError('interrupted', 'the client went away'))
    })
    try {
      await this.#serve()
    } catch (error) {
      this.#refuse(error)
    } finally {
      stopping.signal.removeEventListener('abort', onStop)
      await this.#finish()
      connections.end(socket)
      options.onAccess({
        time,
        address: this.#address,
        who: this.#who,
        method: escapeControl(this.#request.method ?? '-'),
        path: escapeControl((this.#request.url ?? '-').slice(0, 1000)),
        status: this.#response.statusCode,
        received: this.#received,
        sent: this.#sent,
        milliseconds: Math.round(performance.now() - start),
        error: this.#error,
      })
    }
  }

  async #serve(): Promise<void> {
    const { options, hosts, rates, slots } = this.#shared
    const request = this.#request
    if (request.rawHeaders.length > 2 * MOST_HEADERS) {
      throw new Refusal(431, 'too-large', 'the request has too many headers')
    }
    if (!isOwnHost(request.rawHeaders, hosts)) {
      throw new Refusal(
        421,
        'refused',
        'this server is not known by that name: --allow-host names it',
      )
    }
    // A page in a browser has no business here; nothing that varve sends has this header.
    if (request.headers.origin !== undefined)
      throw new Refusal(403, 'refused', 'no requests of web pages')
    if (!rates.spend(this.#address, 1, options.now())) throw tooMany()
    const target = parseTarget(request.url ?? '')
    if (target === undefined)
      throw new Refusal(404, 'not-a-repository', 'there is no such repository')
    if (target.kind === 'health') return this.#say(200, 'ok\n')
    if (target.kind === 'repository') {
      throw new Refusal(
        404,
        'not-a-repository',
        'varve clones this address; a browser cannot show it',
      )
    }
    const { token, isProbe } = await this.#admit(target)
    this.#who = token?.name
    if (isProbe) return this.#say(204, '')
    const body = await this.#readSmall()
    const holder = {
      patience: this.#patience,
      stop: () => this.#giveUp('a faster client needed the room'),
    }
    if (!slots.take(holder)) throw tooMany()
    try {
      const carrier = await options.open(target.repository, token)
      if (carrier === undefined)
        throw new Refusal(404, 'not-a-repository', 'there is no such repository')
      try {
        await this.#exchange(carrier, target.service, body)
      } finally {
        await carrier.close()
      }
    } finally {
      slots.release(holder)
    }
  }

  /** Whether the sender may do this, before any of the body is read. HEAD asks only that. */
  async #admit(target: HttpTarget & { kind: 'service' }) {
    const { options, rates } = this.#shared
    const { method, headers } = this.#request
    const isProbe = method === 'HEAD'
    if (method !== 'POST' && !isProbe) {
      throw new Refusal(405, 'refused', 'varve asks with POST', { Allow: 'POST, HEAD' })
    }
    if (!isProbe && headers['content-type'] !== REQUEST_TYPE) {
      throw new Refusal(415, 'refused', `a request is ${REQUEST_TYPE}`)
    }
    if (headers['content-encoding'] !== undefined)
      throw new Refusal(415, 'refused', 'bodies are sent as they are')
    const given = headers.authorization
    const request = {
      ...target,
      // What is no token at all is as wrong as one that is not known.
      given: given === undefined ? undefined : (bearerToken(given) ?? ''),
    }
    const access = decideAccess(await options.rules(), request, Math.floor(options.now() / 1000))
    if (access.status === 200) return { token: access.token, isProbe }
    if (given !== undefined && access.status === 401) {
      if (!rates.spend(this.#address, WRONG_TOKEN, options.now())) throw tooMany()
    }
    const code = access.status === 404 ? 'not-a-repository' : 'access-denied'
    throw new Refusal(access.status, code, access.reason, access.status === 401 ? CHALLENGE : {})
  }

  /** The body as far as it is small: who sends it slowly holds nothing but a connection and its bytes meanwhile. */
  async #readSmall(): Promise<BodyStart> {
    const bytes = new ByteWriter()
    const rest = this.#body()
    while (bytes.length < SMALL) {
      const { done, value } = await rest.next()
      if (done === true) return { bytes: bytes.finish(), rest: undefined }
      bytes.bytes(value)
    }
    return { bytes: bytes.finish(), rest }
  }

  async *#body(): AsyncGenerator<Uint8Array, void> {
    const source = this.#request[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    for (;;) {
      const { done, value } = await this.#patience.during(source.next())
      if (done === true) return
      this.#received += value.length
      this.#patience.moved(value.length)
      yield value
    }
  }

  async #exchange(carrier: Carrier, service: Service, body: BodyStart): Promise<void> {
    const answer = carrier.exchange(service, wholeBody(body), { signal: this.#abort.signal })
    const response = this.#response
    for await (const piece of answer) {
      if (!response.headersSent) response.writeHead(200, { ...ALWAYS, 'Content-Type': ANSWER_TYPE })
      this.#sent += piece.length
      if (!response.write(piece)) {
        await this.#patience.during(drained(response), piece.length)
        this.#abort.signal.throwIfAborted()
      }
      this.#patience.moved(piece.length)
    }
    if (!response.headersSent) response.writeHead(200, { ...ALWAYS, 'Content-Type': ANSWER_TYPE })
    response.end()
  }

  #say(status: number, text: string): void {
    const isEmpty = this.#request.method === 'HEAD' || status === 204
    this.#response.writeHead(status, {
      ...ALWAYS,
      ...(!isEmpty && { 'Content-Type': 'text/plain; charset=utf-8' }),
    })
    this.#response.end(isEmpty ? undefined : text)
  }

  /** Answers with an error; one that comes after the answer has begun can only cut it short. */
  #refuse(error: unknown): void {
    const response = this.#response
    this.#error ??= errorWord(error)
    if (response.headersSent || this.#abort.signal.aborted) {
      response.destroy()
      return
    }
    const { status, code, message, headers, hint } = refusalOf(error)
    const text = `${JSON.stringify({ error: { code, message, ...(hint !== undefined && { hint }) } })}\n`
    response.writeHead(status, { ...ALWAYS, ...headers, 'Content-Type': 'application/json' })
    response.end(this.#request.method === 'HEAD' ? undefined : text)
  }

  /** Waits until the answer is on its way, and the rest of the request is read or given up. */
  async #finish(): Promise<void> {
    const response = this.#response
    if (response.destroyed || this.#request.complete) return
    // An answer that comes before the request has ended: the client should see it before the connection goes.
    this.#request.resume()
    const timer = setTimeout(() => response.destroy(), PATIENCE_AFTER_MS)
    await new Promise<void>((resolve) => {
      this.#request.once('close', resolve)
      response.once('close', resolve)
    })
    clearTimeout(timer)
  }

  #giveUp(reason: string): void {
    this.#error ??= reason
    this.#abort.abort(new VarveError('interrupted', reason))
    this.#request.destroy()
    this.#response.destroy()
  }
}

async function* wholeBody({ bytes, rest }: BodyStart): AsyncGenerator<Uint8Array, void> {
  yield bytes
  for (;;) {
    const next = await rest?.next()
    if (next === undefined || next.done === true) return
    yield next.value
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve()
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

/** Whom a request comes from: the last hop that a proxy in front has seen, where there is one. */
function addressOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = request.headers['x-forwarded-for']
  const last =
    trustProxy && typeof forwarded === 'string' ? forwarded.split(',').at(-1)!.trim() : ''
  return /^[0-9a-f:.]{2,45}$/i.test(last) ? last : (request.socket.remoteAddress ?? '-')
}
