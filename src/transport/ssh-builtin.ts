import { createHash } from 'node:crypto'
import type { Client } from 'ssh2'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import {
  type KnownHost,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
  trustOf,
  typeOfKey,
} from './known-hosts.ts'
import { formatRemoteUrl, type SshUrl } from './remote-url.ts'
import { authentication } from './ssh-authentication.ts'
import { type SshEnd, untrustedHost } from './ssh-errors.ts'
import { ErrorText, type RemoteProgram } from './ssh-program.ts'
import { readSshSettings, type SshSettings } from './ssh-settings.ts'
import type { Surroundings } from './surroundings.ts'

/** A connection of the built-in client, that several commands may run over one after another. */
export interface SshConnection {
  run(command: string): Promise<RemoteProgram>
  readonly client: Client
  /** Whether it has ended, for whatever reason. */
  isClosed(): boolean
  close(): void
}

type Ssh2 = typeof import('ssh2')

const KEEPALIVE_MS = 15_000
const KEEPALIVES_MISSED = 4

/**
 * Connects without the system's ssh. The key of the host must be in known_hosts: nobody is asked, and nothing is written
 * there. Keys of the agent are tried first, then key files; a passphrase is asked for on the terminal.
 */
export async function connectBuiltIn(
  url: SshUrl,
  surroundings: Surroundings,
): Promise<SshConnection> {
  const loaded = await import('ssh2')
  const ssh2 = ((loaded as { default?: Ssh2 }).default ?? loaded) as Ssh2
  const settings = await readSshSettings(url, surroundings)
  const name = settings.keyAlias ?? knownHostName(settings.host, settings.port)
  const known = await readKnownHosts(settings, surroundings)
  const location = formatRemoteUrl(url)
  const client = new ssh2.Client()
  let refusal: unknown
  const types = hostKeyAlgorithms(knownKeyTypes(known, name))
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error & { level?: string }) => {
      // Without an agent there are key files still.
      if (error.level !== 'agent')
        reject(refusal ?? connectionError(error, url, settings, location))
    }
    client.on('error', fail)
    client.on('close', () => fail(new Error('the connection was closed')))
    client.on('ready', () => {
      // Requests are small and wait for each other: none is held back to be sent with the next.
      client.setNoDelay(true)
      resolve()
    })
    client.connect({
      host: settings.host,
      port: settings.port,
      username: settings.user,
      readyTimeout: settings.connectTimeout,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES_MISSED,
      ...(types.length > 0 && { algorithms: { serverHostKey: types as never } }),
      hostVerifier: (key: Buffer) => {
        refusal = refusalOf(trustOf(known, name, key), key, { name, url }, ssh2)
        return refusal === undefined
      },
      authHandler: authentication(ssh2, settings, surroundings, (error) => {
        refusal ??= error
      }),
    })
  })
  let isClosed = false
  client.on('close', () => {
    isClosed = true
  })
  return {
    client,
    isClosed: () => isClosed,
    run: (command) => runCommand(client, command),
    close: () => void client.end(),
  }
}

async function readKnownHosts(
  { knownHosts }: SshSettings,
  surroundings: Surroundings,
): Promise<KnownHost[]> {
  const known: KnownHost[] = []
  for (const path of knownHosts) {
    const bytes = await surroundings.readFile(path)
    if (bytes !== undefined) known.push(...parseKnownHosts(new TextDecoder().decode(bytes)))
  }
  return known
}

/** Signatures with a key of each type; RSA with SHA-1 is none. */
function hostKeyAlgorithms(types: readonly string[]): string[] {
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]))
}

interface HostWords {
  /** In known_hosts. */
  readonly name: string
  readonly url: SshUrl
}

function refusalOf(
  trust: ReturnType<typeof trustOf>,
  key: Buffer,
  { name, url }: HostWords,
  { utils }: Ssh2,
): VarveError | undefined {
  if (trust === 'trusted') return undefined
  const parsed = utils.parseKey(key)
  const type = parsed instanceof Error ? typeOfKey(key) : parsed.type
  const shown = `it shows a key of type ${type} with the fingerprint ${fingerprint(key)}`
  const why = {
    unknown: `${name} is not in known_hosts`,
    changed: `known_hosts has another key for ${name}`,
    revoked: `this key of ${name} is revoked`,
    authority: `${name} is known by a certificate authority only, which the built-in client cannot verify`,
  }[trust]
  return untrustedHost(url, `${why}; ${shown}`, name)
}

function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The library's words for what ssh itself says with exit code 255. */
function connectionError(
  error: Error & { level?: string; code?: string },
  url: SshUrl,
  { user, host, port }: SshSettings,
  location: string,
): VarveError {
  const said = escapeControl(error.message)
  const data = { url: location, host, port, said }
  if (error.level === 'client-authentication') {
    return new VarveError(
      'access-denied',
      `${url.host} does not let ${user} in: no key or password is taken`,
      {
        data,
        hint: 'the agent (SSH_AUTH_SOCK) or a key file (IdentityFile in ~/.ssh/config) must have a key that is known there',
        cause: error,
      },
    )
  }
  return new VarveError('unreachable', `cannot reach ${host}, port ${port}: ${said}`, {
    data,
    cause: error,
  })
}

function runCommand(client: Client, command: string): Promise<RemoteProgram> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        reject(
          new VarveError(
            'disconnected',
            `the command was not started: ${escapeControl(error.message)}`,
            { cause: error },
          ),
        )
        return
      }
      const errors = new ErrorText()
      let exitCode: number | undefined
      channel.on('exit', (code: number | null) => {
        exitCode = code ?? undefined
      })
      channel.stderr.on('data', (piece: Uint8Array) => errors.add(piece))
      channel.on('error', () => undefined)
      const ended = new Promise<SshEnd>((settle) => {
        channel.on('close', () => settle({ exitCode, errors: errors.text }))
      })
      resolve({
        readable: channel,
        writable: channel,
        ended,
        takeErrors: () => errors.take(),
        stop: () => channel.close(),
      })
    })
  })
}
