import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  type HostTrust,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
  trustOf,
} from '../../src/transport/known-hosts.ts'

/** A key of this type that differs from others by one byte. */
function key(type: string, mark: number): Buffer {
  const name = Buffer.from(type)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return Buffer.concat([length, name, Buffer.from([0, 0, 0, 1, mark])])
}
const mine = key('ssh-ed25519', 1)
const other = key('ssh-ed25519', 2)
const rsa = key('ssh-rsa', 3)
const line = (hosts: string, bytes: Buffer, marker = '') =>
  `${marker}${hosts} ${bytes.toString('latin1', 4, 4 + bytes.readUInt32BE(0))} ${bytes.toString('base64')} comment`

function hashed(name: string): string {
  const salt = Buffer.alloc(20, 7)
  const hash = createHmac('sha1', salt).update(name).digest('base64')
  return `|1|${salt.toString('base64')}|${hash}`
}

describe('known_hosts', () => {
  const cases: [string, string[], string, HostTrust][] = [
    ['its key', [line('host', mine)], 'host', 'trusted'],
    ['one of many names', [line('a,host,b', mine)], 'host', 'trusted'],
    ['in any case', [line('HOST', mine)], 'host', 'trusted'],
    ['a pattern', [line('*.example.org', mine)], 'a.example.org', 'trusted'],
    [
      'a pattern that excludes',
      [line('*.example.org,!a.example.org', mine)],
      'a.example.org',
      'unknown',
    ],
    ['a mark for one character', [line('hos?', mine)], 'host', 'trusted'],
    ['a hash', [line(hashed('host'), mine)], 'host', 'trusted'],
    ['a hash of another', [line(hashed('guest'), mine)], 'host', 'unknown'],
    ['a port', [line('[host]:2222', mine)], '[host]:2222', 'trusted'],
    ['another port', [line('[host]:2222', mine)], 'host', 'unknown'],
    ['no port for a host that has one', [line('host', mine)], '[host]:2222', 'unknown'],
    ['a hash with a port', [line(hashed('[host]:2222'), mine)], '[host]:2222', 'trusted'],
    ['another key', [line('host', other)], 'host', 'changed'],
    ['another key of another type', [line('host', rsa)], 'host', 'changed'],
    ['one of several keys', [line('host', rsa), line('host', mine)], 'host', 'trusted'],
    [
      'a key that was revoked',
      [line('host', mine), line('*', mine, '@revoked ')],
      'host',
      'revoked',
    ],
    [
      'another one that was revoked',
      [line('host', mine), line('*', other, '@revoked ')],
      'host',
      'trusted',
    ],
    ['an authority', [line('*', mine, '@cert-authority ')], 'host', 'authority'],
    ['a marker that nobody knows', [line('host', mine, '@odd ')], 'host', 'unknown'],
    ['a comment', [`#${line('host', mine)}`], 'host', 'unknown'],
    [
      'a type that is not that of the key',
      [`host ssh-rsa ${mine.toString('base64')}`],
      'host',
      'unknown',
    ],
    ['a broken line', ['host', 'host ssh-ed25519', '|1|x host y', ''], 'host', 'unknown'],
  ]
  it.each(cases)('%s', (_, lines, name, expected) => {
    expect(trustOf(parseKnownHosts(lines.join('\n')), name, mine)).toBe(expected)
  })

  it('names hosts as ssh does, and the types that are known', () => {
    const known = parseKnownHosts(
      [line('host', rsa), line('host', mine), line('x', other)].join('\r\n'),
    )
    expect(knownHostName('Host', 22)).toBe('host')
    expect(knownHostName('Host', 2222)).toBe('[host]:2222')
    expect(knownKeyTypes(known, 'host')).toEqual(['ssh-rsa', 'ssh-ed25519'])
  })
})
