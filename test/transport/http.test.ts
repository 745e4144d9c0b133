import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import type { Carrier, Service } from '../../src/transport/carrier.ts'
import type { AccessRules } from '../../src/transport/http-access.ts'
import { openHttpCarrier } from '../../src/transport/http-carrier.ts'
import {
  type HttpAccess,
  type HttpServer,
  startHttpServer,
} from '../../src/transport/http-server.ts'
import { type HttpUrl, parseRemoteUrl } from '../../src/transport/remote-url.ts'
import { createToken } from '../../src/transport/tokens.ts'
import { carrierConfig, surroundings } from '../support/surroundings.ts'
import { temporaryFolder } from '../support/temporary.ts'

const started: HttpServer[] = []
const opened: Carrier[] = []
afterEach(async () => {
  for (const carrier of opened.splice(0)) await carrier.close()
  for (const server of started.splice(0)) await server.close(0)
})

const NOW = 1_800_000_000_000
const writer = createToken({
  name: 'ci',
  repositories: ['a/*', 'prices'],
  scope: 'write',
  created: 1,
})
const reader = createToken({ name: 'bob', repositories: ['*'], scope: 'read', created: 1 })
const old = createToken({
  name: 'old',
  repositories: ['*'],
  scope: 'write',
  created: 1,
  expires: 2,
})
const open: AccessRules = {
  allowPush: true,
  isPrivate: false,
  tokens: [writer.token, reader.token, old.token],
}

/** Answers with what it was asked, and who asked; `prices` and `a/b` are there. */
function echo(repository: string, who: string | undefined): Carrier | undefined {
  if (repository !== 'prices' && repository !== 'a/b') return undefined
  return {
    location: repository,
    async *exchange(service, request) {
      yield Buffer.from(`${service} ${repository} ${who ?? 'nobody'}: `)
      for await (const piece of request) yield piece
    },
    close: async () => undefined,
  }
}

async function serve(rules: AccessRules = open, hosts: string[] = []) {
  const log: HttpAccess[] = []
  const server = await startHttpServer({
    address: '127.0.0.1',
    port: 0,
    hosts,
    rules: () => rules,
    open: async (repository, token) => echo(repository, token?.name),
    now: () => NOW,
    onAccess: (access) => void log.push(access),
  })
  started.push(server)
  return { server, log }
}

async function carrierTo(
  url: string,
  parts: Parameters<typeof surroundings>[0] & { config?: Record<string, string> } = {},
) {
  const carrier = await openHttpCarrier(parseRemoteUrl(url) as HttpUrl, {
    surroundings: surroundings(parts),
    config: carrierConfig(parts.config),
    openPath: async () => expect.unreachable(),
  })
  opened.push(carrier)
  return carrier
}

async function ask(
  carrier: Carrier,
  service: Service,
  ...pieces: (string | Uint8Array)[]
): Promise<string> {
  async function* request() {
    for (const piece of pieces) yield Buffer.from(piece)
  }
  const answer: Uint8Array[] = []
  for await (const piece of carrier.exchange(service, request())) answer.push(piece)
  return Buffer.concat(answer).toString('latin1')
}

async function failure(doing: Promise<unknown>): Promise<VarveError> {
  const error = await doing.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(VarveError)
  return error as VarveError
}

/** Sends these bytes, and gives all that comes back until the server ends the connection. */
function raw(server: HttpServer, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    let got = ''
    socket.on('data', (piece) => {
      got += piece.toString('latin1')
    })
    socket.on('close', () => resolve(got))
    socket.on('error', reject)
    socket.end(text)
  })
}

describe('an exchange over HTTP', () => {
  it('carries requests and answers of any size, one after another', async () => {
    const { server } = await serve()
    const carrier = await carrierTo(`${server.url}/a/b`)
    const piece = 'x'.repeat(100_000)

    expect(await ask(carrier, 'upload-pack', 'one')).toBe('upload-pack a/b nobody: one')
    expect(await ask(carrier, 'upload-pack')).toBe('upload-pack a/b nobody: ')
    const long = await ask(carrier, 'upload-pack', ...Array.from({ length: 50 }, () => piece))
    expect(long).toBe(`upload-pack a/b nobody: ${piece.repeat(50)}`)
  })

  it('shows a token only where it is asked for, and logs who it was, and no secret', async () => {
    const { server, log } = await serve()
    const carrier = await carrierTo(`${server.url}/prices`, {
      environment: { VARVE_TOKEN: writer.secret },
    })

    expect(await ask(carrier, 'upload-pack', 'r')).toBe('upload-pack prices nobody: r')
    expect(await ask(carrier, 'receive-pack', 'w')).toBe('receive-pack prices ci: w')

    expect(log.map(({ who, status, method, path }) => [who, status, method, path])).toEqual([
      [undefined, 200, 'POST', '/prices/varve/upload-pack'],
      [undefined, 401, 'POST', '/prices/varve/receive-pack'],
      ['ci', 200, 'POST', '/prices/varve/receive-pack'],
    ])
    expect(JSON.stringify(log)).not.toContain(writer.secret.slice(20))
  })

  it('asks before it sends what it cannot send twice', async () => {
    const { server, log } = await serve()
    const carrier = await carrierTo(`${server.url}/prices`, {
      environment: { VARVE_TOKEN: writer.secret },
    })
    const pieces = Array.from({ length: 40 }, () => 'y'.repeat(10_000))

    expect(await ask(carrier, 'receive-pack', ...pieces)).toContain(pieces.join(''))

    expect(log.map(({ method, status }) => [method, status])).toEqual([
      ['HEAD', 401],
      ['HEAD', 204],
      ['POST', 200],
    ])
  })

  it('ends where the server is stopped in the middle, and says that it was cut', async () => {
    const { server } = await serve()
    const carrier = await carrierTo(`${server.url}/prices`)
    async function* endless() {
      for (;;) {
        yield Buffer.alloc(10_000)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    const answer = carrier.exchange('upload-pack', endless())
    await answer[Symbol.asyncIterator]().next()
    const ended = failure(
      (async () => {
        for await (const _ of answer);
      })(),
    )
    await server.close(0)
    started.length = 0
    expect((await ended).code).toBe('disconnected')
  })
})

describe('who may do what', () => {
  const cases: [string, Partial<AccessRules>, string, Service, string | undefined, string][] = [
    ['anybody reads', {}, 'prices', 'upload-pack', undefined, 'ok'],
    [
      'nobody pushes unless told otherwise',
      { allowPush: false },
      'prices',
      'receive-pack',
      writer.secret,
      'access-denied',
    ],
    ['a push needs a token', {}, 'prices', 'receive-pack', undefined, 'access-denied'],
    ['a token of the scope pushes', {}, 'a/b', 'receive-pack', writer.secret, 'ok'],
    [
      'a token that reads does not push',
      {},
      'prices',
      'receive-pack',
      reader.secret,
      'access-denied',
    ],
    [
      'a token past its time counts for nothing',
      {},
      'prices',
      'receive-pack',
      old.secret,
      'access-denied',
    ],
    [
      'a token that is not known',
      {},
      'prices',
      'receive-pack',
      `${writer.secret.slice(0, -1)}-`,
      'access-denied',
    ],
    [
      'reading is for tokens alone',
      { isPrivate: true },
      'prices',
      'upload-pack',
      undefined,
      'access-denied',
    ],
    ['a token that reads reads', { isPrivate: true }, 'a/b', 'upload-pack', reader.secret, 'ok'],
    ['writing includes reading', { isPrivate: true }, 'a/b', 'upload-pack', writer.secret, 'ok'],
    [
      "another's repository is none",
      { isPrivate: true },
      'b/c',
      'upload-pack',
      writer.secret,
      'not-a-repository',
    ],
    [
      'nor is it for a push',
      { isPrivate: true },
      'b/c',
      'receive-pack',
      writer.secret,
      'not-a-repository',
    ],
    ['what is not there is none', {}, 'b/c', 'upload-pack', undefined, 'not-a-repository'],
  ]
  it.each(cases)('%s', async (_, rules, repository, service, token, expected) => {
    const { server } = await serve({ ...open, ...rules })
    const environment = token === undefined ? {} : { VARVE_TOKEN: token }
    const carrier = await carrierTo(`${server.url}/${repository}`, { environment })

    const answer = await ask(carrier, service, 'x').then(
      () => 'ok',
      (error: VarveError) => error.code,
    )
    expect(answer).toBe(expected)
  })

  it('finds tokens in a private file, by the longest address, and refuses one that others can read', async () => {
    const { server } = await serve()
    const home = temporaryFolder()
    const file = join(home, '.config/varve/credentials')
    mkdirSync(join(home, '.config/varve'), { recursive: true })
    const lines = [
      `[credential "${server.url}"]`,
      `token = ${reader.secret}`,
      `[credential "${server.url}/prices"]`,
      `token = ${writer.secret}`,
    ]
    writeFileSync(file, lines.join('\n'), { mode: 0o600 })

    const carrier = await carrierTo(`${server.url}/prices`, { home })
    expect(await ask(carrier, 'receive-pack')).toBe('receive-pack prices ci: ')

    chmodSync(file, 0o640)
    const careless = await carrierTo(`${server.url}/prices`, { home })
    const { code, hint } = await failure(ask(careless, 'receive-pack'))
    expect([code, hint]).toEqual(['refused', `chmod 600 ${file}`])
  })

  it('asks git-style helpers, tells them what served, and takes back what did not', async () => {
    const { server } = await serve()
    const folder = temporaryFolder()
    const helper = join(folder, 'helper')
    const script = [
      '#!/bin/sh',
      `{ echo "$1"; cat; } >> ${folder}/said`,
      `[ "$1" = get ] && printf 'username=x\\npassword=%s\\n' "$SHOWN"`,
      'exit 0',
    ]
    writeFileSync(helper, script.join('\n'), { mode: 0o755 })
    const host = new URL(server.url).host
    const said = async (token: string) => {
      writeFileSync(`${folder}/said`, '')
      const carrier = await carrierTo(`${server.url}/prices`, {
        environment: { SHOWN: token },
        config: { 'credential.helper': helper },
      })
      await ask(carrier, 'receive-pack').catch(() => undefined)
      const { readFileSync } = await import('node:fs')
      return readFileSync(`${folder}/said`, 'utf8')
    }
    const asked = `get\nprotocol=http\nhost=${host}\n\n`
    const filled = (token: string) =>
      `protocol=http\nhost=${host}\nusername=x\npassword=${token}\n\n`

    expect(await said(writer.secret)).toBe(`${asked}store\n${filled(writer.secret)}`)
    expect(await said('wrong')).toBe(`${asked}erase\n${filled('wrong')}`)
  })

  it('says where a token was from that was not taken, and never the token', async () => {
    const { server } = await serve()
    const carrier = await carrierTo(`${server.url}/prices`, {
      environment: { VARVE_TOKEN: 'topsecret' },
    })
    const { message, hint, data } = await failure(ask(carrier, 'receive-pack'))
    expect(message).toContain('VARVE_TOKEN')
    expect(JSON.stringify([message, hint, data])).not.toContain('topsecret')
  })

  it('goes through no proxy to this machine without TLS, as it shows tokens there', async () => {
    const proxy = await serve()
    const { server } = await serve()
    const carrier = await carrierTo(`${server.url}/prices`, {
      environment: { VARVE_TOKEN: reader.secret },
      config: { 'http.proxy': proxy.server.url },
    })
    expect(await ask(carrier, 'upload-pack', 'a')).toContain('a')
    expect(proxy.log).toEqual([])
  })

  it('shows no token to a machine that is reached without TLS', async () => {
    const { credentialsFor } = await import('../../src/transport/http-credentials.ts')
    const url = parseRemoteUrl('http://data.example.org/prices') as HttpUrl
    const tokens = credentialsFor(
      url,
      surroundings({ environment: { VARVE_TOKEN: 'x' } }),
      carrierConfig(),
    )
    expect((await failure(tokens.next())).code).toBe('refused')
  })
})

describe('hostile requests', () => {
  const post = (path: string, headers: string, body = '') =>
    `POST ${path} HTTP/1.1\r\nContent-Type: application/x-varve-request\r\nContent-Length: ${body.length}\r\nConnection: close\r\n${headers}\r\n${body}`
  const status = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

  it.each([
    ['/../etc/varve/upload-pack'],
    ['/a/../prices/varve/upload-pack'],
    ['/%2e%2e/prices/varve/upload-pack'],
    ['/a%2fb/varve/upload-pack'],
    ['/a%5cb/varve/upload-pack'],
    ['/prices/.varve/varve/upload-pack'],
    ['//prices/varve/upload-pack'],
    ['/prices%00/varve/upload-pack'],
    ['/prices/varve/upload-pack?x'],
    ['/prices/varve/other'],
    ['http://localhost/prices/varve/upload-pack'],
  ])('%s is nothing', async (path) => {
    const { server } = await serve()
    expect(status(await raw(server, post(path, 'Host: localhost\r\n')))).toBe(404)
  })

  it.each([
    ['a name of another site', 'Host: evil.example\r\n', 421],
    ['two hosts', 'Host: localhost\r\nHost: evil.example\r\n', 421],
    ['no host', '', 400],
    ['a page of a browser', 'Host: localhost\r\nOrigin: http://evil.example\r\n', 403],
    ['a header too long', `Host: localhost\r\nX: ${'x'.repeat(20_000)}\r\n`, 431],
    ['too many headers', `Host: localhost\r\n${'A: b\r\n'.repeat(200)}`, 431],
    ['length and chunks at once', 'Host: localhost\r\nTransfer-Encoding: chunked\r\n', 400],
    ['two lengths', 'Host: localhost\r\nContent-Length: 5\r\n', 400],
    ['an odd encoding', 'Host: localhost\r\nTransfer-Encoding: xchunked\r\n', 400],
    ['a packed body', 'Host: localhost\r\nContent-Encoding: gzip\r\n', 415],
    ['a folded header', 'Host: localhost\r\nX: a\r\n b: c\r\n', 400],
    ['a space before the colon', 'Host: localhost\r\nX : a\r\n', 400],
  ])('%s is refused', async (_, headers, expected) => {
    const { server } = await serve()
    expect(status(await raw(server, post('/prices/varve/upload-pack', headers)))).toBe(expected)
  })

  it('knows the names that it was given', async () => {
    const { server } = await serve(open, ['Data.Example.org'])
    const request = post('/prices/varve/upload-pack', 'Host: data.example.org:443\r\n')
    expect(status(await raw(server, request))).toBe(200)
  })

  it('takes no second request out of the body of the first', async () => {
    const { server, log } = await serve()
    const inner = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const answer = await raw(
      server,
      post('/prices/varve/upload-pack', 'Host: localhost\r\n', inner),
    )
    expect(answer).toContain(inner)
    expect(log.map(({ path }) => path)).toEqual(['/prices/varve/upload-pack'])
  })

  it('refuses whoever tries tokens', async () => {
    const { server } = await serve()
    const guess = () =>
      raw(
        server,
        post('/prices/varve/receive-pack', 'Host: localhost\r\nAuthorization: Bearer x\r\n'),
      )
    const seen = new Set<number>()
    for (let i = 0; i < 25; i++) seen.add(status(await guess()))
    expect([...seen]).toEqual([401, 503])
  })
})
