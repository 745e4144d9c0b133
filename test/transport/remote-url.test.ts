import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { formatRemoteUrl, parseRemoteUrl } from '../../src/transport/remote-url.ts'
import { anyCodePoint } from '../support/any-code-point.ts'

const ssh = (host: string, path: string, more: object = {}) => ({
  kind: 'ssh',
  user: undefined,
  port: undefined,
  host,
  path,
  ...more,
})

describe('parseRemoteUrl', () => {
  it.each([
    ['../prices', { kind: 'path', path: '../prices' }],
    ['/srv/prices', { kind: 'path', path: '/srv/prices' }],
    ['./odd:name', { kind: 'path', path: './odd:name' }],
    ['C:\\data\\prices', { kind: 'path', path: 'C:\\data\\prices' }],
    ['c:/data', { kind: 'path', path: 'c:/data' }],
    ['file:///srv/my%20prices', { kind: 'path', path: '/srv/my prices' }],
    ['host:data/prices', ssh('host', 'data/prices')],
    ['ada@host:/data', ssh('host', '/data', { user: 'ada' })],
    ['host:~/data', ssh('host', 'data')],
    ['[::1]:data', ssh('::1', 'data')],
    ['ssh://host/data/prices', ssh('host', '/data/prices')],
    ['ssh://ada@host:2222/~/prices', ssh('host', 'prices', { user: 'ada', port: 2222 })],
    ['ssh://[fe80::1%eth0]/x', ssh('fe80::1%eth0', '/x')],
    ['ssh://host/a%20b', ssh('host', '/a b')],
    ['sftp://host/data', ssh('host', '/data', { kind: 'sftp' })],
    [
      'https://Data.Example.org:443/prices/',
      { kind: 'http', origin: 'https://data.example.org', path: '/prices', isSecure: true },
    ],
    [
      'http://127.0.0.1:8080',
      { kind: 'http', origin: 'http://127.0.0.1:8080', path: '/', isSecure: false },
    ],
    ['s3://bucket/a/b/', { kind: 's3', bucket: 'bucket', prefix: 'a/b' }],
  ])('%s', (text, expected) => {
    expect(parseRemoteUrl(text)).toEqual(expected)
  })

  it.each([
    '',
    '-oProxyCommand=touch x',
    '--upload-pack=x:y',
    'ssh://-oProxyCommand=x/data',
    'ssh://host/~/-x',
    '-x@host:data',
    'ada@-host:data',
    'host:-data',
    'ssh://ada:secret@host/data',
    'ssh://host:99999/data',
    'ssh://host:0/data',
    'ssh://ho$(x)st/data',
    'ssh://host`x`/data',
    "ssh://a'b@host/data",
    'ssh://host/data%0aevil',
    'ssh://host/da%zz',
    'ssh://host',
    'ssh://host/~other/x',
    'host\nother:data',
    'ext::sh -c touch% x',
    'gopher://host/x',
    'https:///host/x',
    'http://',
    'https://ada:secret@host/x',
    'https://secret@host/x',
    'https://host/x?token=secret',
    'https://host/x#secret',
    'https://host/a%2fb',
    'https://host/a%5cb',
    'https://host/a%00b',
    's3://-bucket/x',
    's3://secret@bucket/x',
    'file://elsewhere/x',
  ])('refuses %j, and shows no secret', (text) => {
    let error: unknown
    try {
      parseRemoteUrl(text)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(VarveError)
    const { code, message, data, hint } = error as VarveError
    expect(code).toBe('invalid-value')
    expect(JSON.stringify([message, data, hint])).not.toContain('secret')
  })

  it('is never an option, and never has control characters, whatever is given', () => {
    const text = fc.oneof(
      fc.string({ unit: anyCodePoint, maxLength: 40 }),
      fc
        .tuple(
          fc.constantFrom('', 'ssh://', 'sftp://', 'https://', 'file://', 's3://'),
          fc.string({ maxLength: 20 }),
          fc.constantFrom('', '@', ':', '/', '/~'),
          fc.string({ maxLength: 20 }),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (given) => {
        let url: ReturnType<typeof parseRemoteUrl>
        try {
          url = parseRemoteUrl(given)
        } catch (error) {
          if (error instanceof VarveError) return
          throw error
        }
        const words =
          url.kind === 'ssh' || url.kind === 'sftp' ? [url.host, url.user ?? 'x', url.path] : []
        for (const word of words) expect(word).toMatch(/^[^-\p{Cc}][^\p{Cc}]*$/u)
        expect(parseRemoteUrl(formatRemoteUrl(url))).toEqual(url)
      }),
    )
  })
})
