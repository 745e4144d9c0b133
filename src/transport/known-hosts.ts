import { createHmac, timingSafeEqual } from 'node:crypto'

// known_hosts, as sshd(8) describes it. A line is
//
//   [@revoked | @cert-authority] HOSTS KEYTYPE BASE64 [comment]
//
// HOSTS is a list of patterns with * and ?, separated by commas, `!` before one that excludes; or one
// name, hashed: |1|base64 of a salt|base64 of HMAC-SHA1 of the name under it. A port other than 22 makes the
// name `[host]:port`.

export const SSH_PORT = 22

export interface KnownHost {
  readonly marker: 'revoked' | 'cert-authority' | undefined
  readonly hosts: string
  /** Such as `ssh-ed25519`. */
  readonly type: string
  readonly key: Uint8Array
}

/**
 * `trusted`: the key is known for the host. `changed`: only other keys are. `revoked`: this key must never be
 * trusted. `authority`: the host is known only by an authority that signs keys. `unknown`: nothing is known.
 */
export type HostTrust = 'trusted' | 'changed' | 'revoked' | 'authority' | 'unknown'

/** The lines of a known_hosts file that can be understood; ssh skips the others too. */
export function parseKnownHosts(text: string): KnownHost[] {
  const known: KnownHost[] = []
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/[ \t]+/)
    if (words[0] === '' || words[0]!.startsWith('#')) continue
    const marker = words[0]!.startsWith('@') ? words.shift()!.slice(1) : undefined
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') continue
    const [hosts, type, base64] = words
    if (hosts === undefined || type === undefined || base64 === undefined) continue
    const key = Buffer.from(base64, 'base64')
    if (typeOfKey(key) === type) known.push({ marker, hosts, type, key })
  }
  return known
}

/** The name that a host has in known_hosts. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === SSH_PORT ? name : `[${name}]:${port}`
}

/** What is known of a host that shows this key. */
export function trustOf(known: readonly KnownHost[], name: string, key: Uint8Array): HostTrust {
  const ofHost = known.filter((entry) => matches(entry.hosts, name))
  const isKey = (entry: KnownHost) => Buffer.from(entry.key).equals(key)
  if (ofHost.some((entry) => entry.marker === 'revoked' && isKey(entry))) return 'revoked'
  const plain = ofHost.filter((entry) => entry.marker === undefined)
  if (plain.some(isKey)) return 'trusted'
  if (plain.length > 0) return 'changed'
  return ofHost.some((entry) => entry.marker === 'cert-authority') ? 'authority' : 'unknown'
}

/** The types of the keys that are known for a host: it is asked for one of these. */
export function knownKeyTypes(known: readonly KnownHost[], name: string): string[] {
  const types = known
    .filter((entry) => entry.marker === undefined && matches(entry.hosts, name))
    .map((entry) => entry.type)
  return [...new Set(types)]
}

/** The type that a key says of itself: a length of four bytes, then the name. */
export function typeOfKey(key: Uint8Array): string | undefined {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  if (bytes.length < 4) return undefined
  const length = bytes.readUInt32BE(0)
  return length <= 64 && 4 + length <= bytes.length
    ? bytes.toString('latin1', 4, 4 + length)
    : undefined
}

function matches(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHashed(hosts, name)
  let found = false
  for (const pattern of hosts.split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), name)) return false
    } else if (matchesPattern(pattern, name)) found = true
  }
  return found
}

function matchesHashed(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, 'base64')
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === found.length && timingSafeEqual(expected, found)
}

/** `*` stands for any text, `?` for one character; done without going back further than the last `*`. */
function matchesPattern(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase()
  let at = 0
  let star = -1
  let resume = 0
  for (let index = 0; index < name.length; ) {
    if (wanted[at] === '*') {
      star = at++
      resume = index
    } else if (wanted[at] === '?' || wanted[at] === name[index]) {
      at++
      index++
    } else if (star >= 0) {
      at = star + 1
      index = ++resume
    } else return false
  }
  while (wanted[at] === '*') at++
  return at === wanted.length
}
