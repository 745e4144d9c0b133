import { basename, dirname, isAbsolute, join } from 'node:path'
import SSHConfig from 'ssh-config'
import { VarveError } from '../core/errors.ts'
import type { SshUrl } from './remote-url.ts'
import type { Surroundings } from './surroundings.ts'

/** What the built-in client takes from ssh's configuration. */
export interface SshSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  /** The name that keys are known under: HostKeyAlias, or host and port. */
  readonly keyAlias: string | undefined
  readonly knownHosts: readonly string[]
  /** Private keys, in the order they are tried. */
  readonly identityFiles: readonly string[]
  /** Whether those are ones that somebody named: then a missing one is worth a word. */
  readonly identitiesOnly: boolean
  /** The agent's socket. */
  readonly agent: string | undefined
  /** Milliseconds. */
  readonly connectTimeout: number
}

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa']
const MOST_INCLUDES = 16
const CONNECT_TIMEOUT_S = 30

type Computed = Record<string, string | string[]>

/**
 * What `~/.ssh/config` and `/etc/ssh/ssh_config` say of a host. What the built-in client cannot do (ProxyJump,
 * ProxyCommand) is `refused`: without it another machine than the one that is meant would be reached. `Match exec` never
 * holds, as it would run programs.
 */
export async function readSshSettings(
  url: SshUrl,
  surroundings: Surroundings,
): Promise<SshSettings> {
  const { home } = surroundings
  const ssh = join(home, '.ssh')
  const texts = [
    await readConfig(join(ssh, 'config'), ssh, surroundings),
    await readConfig('/etc/ssh/ssh_config', '/etc/ssh', surroundings),
  ]
  const own = url.user === undefined ? {} : { User: url.user }
  // The end of a file ends its last section; `Host *` lets what is not in one hold as it did.
  const parsed = SSHConfig.parse(texts.join('\nHost *\n'))
  const found = parsed.compute(
    { Host: url.host, ...own },
    { ignoreCase: true, matchExec: false },
  ) as Computed
  const one = (key: string) => [found[key.toLowerCase()] ?? []].flat()[0]
  const all = (key: string) => [found[key.toLowerCase()] ?? []].flat()
  for (const key of ['ProxyJump', 'ProxyCommand']) {
    if ((one(key) ?? 'none').toLowerCase() !== 'none') throw beyondBuiltIn(key, url.host)
  }
  const host = (one('HostName') ?? url.host).replaceAll('%h', url.host).replaceAll('%%', '%')
  const user = url.user ?? one('User') ?? surroundings.user
  const port = url.port ?? Number(one('Port') ?? 22)
  const expand = (path: string) => expandPath(path, { home, host, user, local: surroundings.user })
  const identities = all('IdentityFile')
  const agent = one('IdentityAgent')
  const isDefaultAgent = agent === undefined || agent === 'SSH_AUTH_SOCK'
  return {
    host,
    port,
    user,
    keyAlias: one('HostKeyAlias'),
    knownHosts: [
      ...(all('UserKnownHostsFile').length > 0
        ? all('UserKnownHostsFile')
        : ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
      ...(all('GlobalKnownHostsFile').length > 0
        ? all('GlobalKnownHostsFile')
        : ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
    ].map(expand),
    identityFiles:
      identities.length > 0 ? identities.map(expand) : DEFAULT_KEYS.map((name) => join(ssh, name)),
    identitiesOnly: (one('IdentitiesOnly') ?? 'no').toLowerCase() === 'yes',
    agent: isDefaultAgent
      ? surroundings.environment.SSH_AUTH_SOCK
      : agent === 'none'
        ? undefined
        : expand(agent),
    connectTimeout: Number(one('ConnectTimeout') ?? CONNECT_TIMEOUT_S) * 1000,
  }
}

interface PathWords {
  readonly home: string
  readonly host: string
  readonly user: string
  readonly local: string
}

/** `~/`, and those tokens of ssh_config(5) that name people and machines. */
function expandPath(path: string, { home, host, user, local }: PathWords): string {
  const tokens = new Map([
    ['%', '%'],
    ['d', home],
    ['h', host],
    ['r', user],
    ['u', local],
  ])
  const full = path.startsWith('~/') ? join(home, path.slice(2)) : path
  return full.replace(/%(.)/g, (whole, token: string) => tokens.get(token) ?? whole)
}

/** The text of a configuration file with the files that it includes in their places. */
async function readConfig(
  path: string,
  folder: string,
  surroundings: Surroundings,
  depth = 0,
): Promise<string> {
  const bytes = await surroundings.readFile(path)
  if (bytes === undefined) return ''
  const lines: string[] = []
  for (const line of new TextDecoder().decode(bytes).split(/\r?\n/)) {
    const include = /^\s*Include[\s=]+(.*)$/i.exec(line)
    if (include === null) {
      lines.push(line)
      continue
    }
    if (depth === MOST_INCLUDES) {
      throw new VarveError('bad-input', `${path} includes files within files without end`, {
        data: { path },
      })
    }
    for (const word of include[1]!.match(/"[^"]*"|\S+/g) ?? []) {
      const named = word.replaceAll('"', '').replace(/^~\//, `${surroundings.home}/`)
      const full = isAbsolute(named) ? named : join(folder, named)
      for (const file of await filesLike(full, surroundings)) {
        lines.push(await readConfig(file, folder, surroundings, depth + 1))
      }
    }
  }
  return lines.join('\n')
}

/** The files that a pattern names: `*` and `?` may stand in the last part of the path. */
async function filesLike(pattern: string, surroundings: Surroundings): Promise<string[]> {
  const last = basename(pattern)
  if (!/[*?]/.test(last)) return [pattern]
  const folder = dirname(pattern)
  const text = last
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const names = await surroundings.listFolder(folder)
  const like = new RegExp(`^${text}$`, 's')
  return names
    .filter((name) => like.test(name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name))
}

function beyondBuiltIn(key: string, host: string): VarveError {
  return new VarveError(
    'refused',
    `ssh's configuration has ${key} for ${host}, which the built-in client has not`,
    {
      data: { key, host },
      hint: "install OpenSSH and unset core.ssh: then the system's ssh is used",
    },
  )
}
