import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { Carrier, ExchangeOptions, Service } from './carrier.ts'
import { openAgent, readAuthorities, type Trusted, watch } from './http-connection.ts'
import { type Credential, credentialsFor } from './http-credentials.ts'
import { connectionFault, notVarve, statusError } from './http-errors.ts'
import { ANSWER_TYPE, REQUEST_TYPE } from './http-request.ts'
import type { OpenCarrierOptions } from './open-carrier.ts'
import { readPieces } from './read-pieces.ts'
import { formatRemoteUrl, type HttpUrl } from './remote-url.ts'
import type { CarrierConfig, Surroundings } from './surroundings.ts'

/** A request of up to this many bytes is kept, so that it can be sent again with a token. */
const KEPT = 64 * 1024
const MOST_ERROR = 64 * 1024
/** How often, and for how many seconds at most, a server that has too much to do is waited for. */
const RETRIES = 5
const MOST_WAIT_S = 10

/** Opens the way to a repository behind HTTP: docs/protocol/http.md. */
export async function openHttpCarrier(url: HttpUrl, options: OpenCarrierOptions): Promise<Carrier> {
  const { surroundings, config } = options
  const tls = url.isSecure ? await readAuthorities(config, surroundings) : {}
  const agent = await openAgent(url, surroundings, config, tls)
  const carrier = new HttpCarrier(url, agent, tls, surroundings, config)
  return {
    location: carrier.location,
    exchange: (service, request, more) => carrier.exchange(service, request, more),
    close: async () => carrier.close(),
  }
}

interface Kept {
  readonly pieces: readonly Uint8Array[]
  /** What comes after them; undefined where they are all. */
  readonly rest: AsyncIterator<Uint8Array> | undefined
}

class HttpCarrier {
  readonly location: string
  readonly #url: HttpUrl
  readonly #agent: http.Agent
  readonly #tls: Trusted
  readonly #surroundings: Surroundings
  readonly #config: CarrierConfig
  #credential: Credential | undefined
  /** Services that have answered: what they are asked next is not refused for want of a token. */
  readonly #admitted = new Set<Service>()

  constructor(
    url: HttpUrl,
    agent: http.Agent,
    tls: Trusted,
    surroundings: Surroundings,
    config: CarrierConfig,
  ) {
    this.#url = url
    this.location = formatRemoteUrl(url)
    this.#agent = agent
    this.#tls = tls
    this.#surroundings = surroundings
    this.#config = config
  }

  async *exchange(
    service: Service,
    request: AsyncIterable<Uint8Array>,
    { signal }: ExchangeOptions = {},
  ): AsyncGenerator<Uint8Array, void> {
    const source = request[Symbol.asyncIterator]()
    try {
      const kept = await keepStart(source)
      // What cannot be sent twice is sent once somebody has said that it will be taken.
      if (kept.rest !== undefined && !this.#admitted.has(service)) {
        await drain(await this.#admit('HEAD', service, { pieces: [], rest: undefined }, signal))
      }
      const answer = await this.#admit('POST', service, kept, signal)
      yield* this.#read(answer, signal)
    } finally {
      await source.return?.()
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Asks, and shows tokens where they are asked for, until one is taken. */
  async #admit(
    method: string,
    service: Service,
    kept: Kept,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    let refused: VarveError | undefined
    let tokens: AsyncIterator<Credential> | undefined
    for (;;) {
      const answer = await this.#askPatiently(method, service, kept, signal)
      const status = answer.statusCode ?? 0
      if (status !== 401) {
        // Who is known and may not do this has a token that is good all the same.
        if (tokens !== undefined) await this.#credential?.settle(true)
        if (status === 200 || status === 204) {
          const type = answer.headers['content-type']
          if (status === 200 && type !== ANSWER_TYPE) {
            answer.destroy()
            throw notVarve(this.location, type)
          }
          this.#admitted.add(service)
          return answer
        }
        throw await this.#refusal(answer)
      }
      refused = await this.#refusal(answer)
      if (kept.rest !== undefined) throw refused
      const tried = this.#credential
      await tried?.settle(false)
      tokens ??= credentialsFor(this.#url, this.#surroundings, this.#config)[Symbol.asyncIterator]()
      const next = await nextOther(tokens, tried)
      this.#credential = next
      if (next === undefined) throw this.#noToken(refused, tried)
    }
  }

  #noToken(refused: VarveError, tried: Credential | undefined): VarveError {
    if (tried !== undefined) {
      return new VarveError(
        'access-denied',
        `${refused.message} (it was from ${escapeControl(tried.origin)})`,
        {
          data: refused.data,
        },
      )
    }
    return new VarveError('access-denied', refused.message, {
      data: refused.data,
      hint: 'give a token with VARVE_TOKEN, credential.helper, or in ~/.config/varve/credentials',
    })
  }

  async #askPatiently(
    method: string,
    service: Service,
    kept: Kept,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#ask(method, service, kept, signal, attempt > 0)
      const after = Number(answer.headers['retry-after'] ?? Number.NaN)
      const isBusy = answer.statusCode === 503 || answer.statusCode === 429
      if (!isBusy || kept.rest !== undefined || attempt === RETRIES || !(after <= MOST_WAIT_S))
        return answer
      await drain(answer)
      await pause(after * 1000, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }

  /** One request, until the head of its answer is there. */
  async #ask(
    method: string,
    service: Service,
    kept: Kept,
    signal: AbortSignal | undefined,
    isAgain: boolean,
  ): Promise<IncomingMessage> {
    const request = this.#begin(method, service, kept, signal)
    let sending: Promise<void> = Promise.resolve()
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      request.once('error', reject)
    })
    if (kept.rest === undefined) request.end(Buffer.concat(kept.pieces))
    else sending = pipeline(Readable.from(piecesOf(kept), { objectMode: true }), request)
    try {
      // An answer may come before the request is sent whole; what hinders sending says more than a connection that ends.
      const failed = sending.then(() => answered)
      return await Promise.race([answered, failed])
    } catch (error) {
      request.destroy()
      const isStale = request.reusedSocket && kept.rest === undefined && !isAgain
      if (isStale && signal?.aborted !== true) return this.#ask(method, service, kept, signal, true)
      signal?.throwIfAborted()
      throw connectionFault(this.location, error, false)
    } finally {
      sending.catch(() => undefined)
      answered.catch(() => undefined)
    }
  }

  #begin(
    method: string,
    service: Service,
    kept: Kept,
    signal: AbortSignal | undefined,
  ): ClientRequest {
    const path = this.#url.path === '/' ? '' : this.#url.path
    const isWhole = kept.rest === undefined
    const length = kept.pieces.reduce((sum, piece) => sum + piece.length, 0)
    const send = this.#url.isSecure ? https.request : http.request
    const request = send(`${this.#url.origin}${path}/varve/${service}`, {
      method,
      ...this.#tls,
      agent: this.#agent,
      ...(signal !== undefined && { signal }),
      headers: {
        'User-Agent': 'varve',
        Accept: ANSWER_TYPE,
        ...(method === 'POST' && { 'Content-Type': REQUEST_TYPE }),
        ...(method === 'POST' && isWhole && { 'Content-Length': String(length) }),
        ...(this.#credential !== undefined && {
          Authorization: `Bearer ${this.#credential.token}`,
        }),
      },
    })
    request.setNoDelay(true)
    watch(request)
    return request
  }

  async *#read(
    answer: IncomingMessage,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void> {
    try {
      yield* readPieces(answer)
      if (!answer.complete) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
    } catch (error) {
      signal?.throwIfAborted()
      throw connectionFault(this.location, error, true)
    } finally {
      // Nothing more is wanted of it; one that ended goes back to the others that wait.
      if (!answer.complete) answer.destroy()
    }
  }

  async #refusal(answer: IncomingMessage): Promise<VarveError> {
    const body = await textOf(answer)
    return statusError(this.location, answer.statusCode ?? 0, answer.headers, body)
  }
}

async function keepStart(source: AsyncIterator<Uint8Array>): Promise<Kept> {
  const pieces: Uint8Array[] = []
  for (let bytes = 0; bytes <= KEPT; ) {
    const { done, value } = await source.next()
    if (done === true) return { pieces, rest: undefined }
    pieces.push(value)
    bytes += value.length
  }
  return { pieces, rest: source }
}

async function* piecesOf({ pieces, rest }: Kept): AsyncGenerator<Uint8Array, void> {
  yield* pieces
  for (;;) {
    const next = await rest?.next()
    if (next === undefined || next.done === true) return
    yield next.value
  }
}

/** The first token that is not the one that was tried just now. */
async function nextOther(
  tokens: AsyncIterator<Credential>,
  tried: Credential | undefined,
): Promise<Credential | undefined> {
  for (;;) {
    const { done, value } = await tokens.next()
    if (done === true) return undefined
    if (value.token !== tried?.token) return value
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of answer) {
      pieces.push(piece as Uint8Array)
      bytes += (piece as Uint8Array).length
      if (bytes > MOST_ERROR) break
    }
  } catch {
    // What it wanted to say is lost; its status is not.
  }
  return Buffer.concat(pieces).toString('utf8', 0, MOST_ERROR)
}

async function drain(answer: IncomingMessage): Promise<void> {
  await textOf(answer)
}
