import { setMaxListeners } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { VarveError } from '../core/errors.ts'
import { Connections } from './http-connections.ts'
import { HttpExchange, type HttpServerOptions } from './http-exchange.ts'
import { Rates } from './http-rates.ts'
import { Slots } from './http-slots.ts'

export type { HttpAccess, HttpServerOptions } from './http-exchange.ts'

export interface HttpServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string
  /** Takes no more requests, lets those at work end for so many milliseconds, and ends the others. */
  close(patienceMs: number): Promise<void>
}

const MOST_HEADER_BYTES = 16 * 1024
const HEADERS_MS = 10_000
const KEEP_ALIVE_MS = 15_000
const CHECK_MS = 2_000
const MOST_CONNECTIONS = 1_000
/** Serves repositories over HTTP: docs/protocol/http.md. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const shared = {
    options,
    hosts: new Set(options.hosts.map((host) => host.toLowerCase())),
    rates: new Rates(),
    connections: new Connections(MOST_CONNECTIONS),
    slots: new Slots(),
    stopping: new AbortController(),
  }
  // Each exchange listens to it, and there are many.
  setMaxListeners(0, shared.stopping.signal)
  const settings = {
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    // A push may take hours: what must not be slow is looked at piece by piece.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    insecureHTTPParser: false,
  }
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void new HttpExchange(shared, request, response).answer()
  const server =
    options.tls === undefined
      ? http.createServer(settings, listener)
      : https.createServer(
          {
            ...settings,
            cert: Buffer.from(options.tls.cert),
            key: Buffer.from(options.tls.key),
            minVersion: 'TLSv1.2',
            handshakeTimeout: HEADERS_MS,
          },
          listener,
        )
  // Node would leave out those beyond a number of its own: `#serve` counts them.
  server.maxHeadersCount = 0
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    shared.connections.add(socket)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    refuseBytes(error, socket, options),
  )
  // CONNECT and Upgrade are no requests here.
  server.on('connect', (_request, socket) => socket.destroy())
  server.on('upgrade', (_request, socket) => socket.destroy())
  server.on('tlsClientError', () => undefined)
  await listen(server, options)
  return {
    url: urlOf(server.address() as AddressInfo, options.tls !== undefined),
    async close(patienceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      shared.connections.close(false)
      const timer = setTimeout(() => {
        shared.stopping.abort(new VarveError('interrupted', 'the server is stopped'))
        shared.connections.close(true)
      }, patienceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function listen(server: http.Server, { address, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint = {
        EADDRINUSE: 'another program has the port',
        EACCES: 'ports below 1024 are for root',
      }[error.code ?? '']
      reject(
        new VarveError(
          'io',
          `cannot listen on ${address}, port ${port}: ${error.code ?? error.message}`,
          {
            data: { address, port },
            ...(hint !== undefined && { hint }),
            cause: error,
          },
        ),
      )
    })
    server.listen({ host: address, port }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function urlOf({ address, family, port }: AddressInfo, isSecure: boolean): string {
  const host = family === 'IPv6' ? `[${address}]` : address
  return `${isSecure ? 'https' : 'http'}://${host}:${port}`
}

/** Bytes that are no request, or headers that are too many or too slow. */
function refuseBytes(
  error: NodeJS.ErrnoException,
  socket: Socket,
  options: HttpServerOptions,
): void {
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 431
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 408
        : 400
  const address = socket.remoteAddress ?? '-'
  if (socket.writable && error.code !== 'ECONNRESET') {
    socket.end(
      `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    )
  }
  socket.destroySoon()
  options.onAccess({
    time: options.now(),
    address,
    who: undefined,
    method: '-',
    path: '-',
    status,
    received: 0,
    sent: 0,
    milliseconds: 0,
    error: error.code ?? 'bad request',
  })
}
