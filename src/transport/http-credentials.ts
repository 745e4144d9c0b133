import { join } from 'node:path'
import { parseConfig } from '../core/config-file.ts'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import { formatRemoteUrl, type HttpUrl } from './remote-url.ts'
import type { CarrierConfig, Surroundings } from './surroundings.ts'

/** A token for a server, and where it is from. */
export interface Credential {
  readonly token: string
  /** For messages: `VARVE_TOKEN`, a file, a helper. */
  readonly origin: string
  /** Tells where it is from that it served, or that it did not. */
  settle(isGood: boolean): Promise<void>
}

/** What a header can hold of it, whoever made it. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/
const MOST_HELPER_OUTPUT = 64 * 1024

/**
 * The tokens that a server that asks for one may be shown, one after another: VARVE_TOKEN; the file of credentials; the
 * helpers of `credential.helper`; what is typed on the terminal, which the helpers then keep.
 *
 * A token goes over TLS or to this machine itself, else it is `refused`.
 */
export async function* credentialsFor(
  url: HttpUrl,
  surroundings: Surroundings,
  config: CarrierConfig,
): AsyncGenerator<Credential, void> {
  for await (const found of findCredentials(url, surroundings, config)) {
    const token = found.token.trim()
    if (!TOKEN.test(token)) {
      throw new VarveError(
        'invalid-value',
        `the token from ${escapeControl(found.origin)} has characters that none has`,
        {
          data: { origin: found.origin },
        },
      )
    }
    yield { ...found, token }
  }
}

async function* findCredentials(
  url: HttpUrl,
  surroundings: Surroundings,
  config: CarrierConfig,
): AsyncGenerator<Credential, void> {
  if (!url.isSecure && !isThisMachine(url.origin)) throw needsTls(url)
  const nothing = async () => undefined
  const fromEnvironment = surroundings.environment.VARVE_TOKEN
  if (fromEnvironment) yield { token: fromEnvironment, origin: 'VARVE_TOKEN', settle: nothing }
  const file = credentialsFile(surroundings)
  const fromFile = await tokenOfFile(file, url, surroundings)
  if (fromFile !== undefined) yield { token: fromFile, origin: file, settle: nothing }
  const helpers = helpersOf(config)
  const question = questionFor(url, config.get('credential.useHttpPath') === 'true')
  for (const helper of helpers) {
    const answer = await askHelper(helper, 'get', question, surroundings)
    const token = answer.get('password')
    if (token === undefined || token === '') continue
    const filled = new Map([...question, ...answer])
    yield {
      token,
      origin: `credential.helper (${helper})`,
      settle: (isGood) => tellHelpers(helpers, isGood ? 'store' : 'erase', filled, surroundings),
    }
  }
  const typed = await surroundings.askSecret(`Token for ${url.origin}: `)
  if (typed === undefined || typed === '') return
  const filled = new Map([...question, ['username', 'varve'], ['password', typed]])
  yield {
    token: typed,
    origin: 'what was typed',
    settle: async (isGood) => {
      if (isGood) await tellHelpers(helpers, 'store', filled, surroundings)
    },
  }
}

/** `$XDG_CONFIG_HOME/varve/credentials`, else `~/.config/varve/credentials`. */
export function credentialsFile({ environment, home }: Surroundings): string {
  return join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'varve', 'credentials')
}

/** `[credential "https://host/path"] token = …`: the longest address that the URL begins with is the one. */
async function tokenOfFile(
  file: string,
  url: HttpUrl,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const bytes = await surroundings.readPrivateFile(file)
  if (bytes === undefined) return undefined
  const wanted = formatRemoteUrl(url)
  let best: { length: number; token: string } | undefined
  for (const { key, value } of parseConfig(new TextDecoder().decode(bytes), file)) {
    const address = /^credential\.(.+)\.token$/s.exec(key)?.[1]?.replace(/\/+$/, '')
    if (address === undefined || !(wanted === address || wanted.startsWith(`${address}/`))) continue
    if (best === undefined || address.length >= best.length)
      best = { length: address.length, token: value }
  }
  return best?.token
}

/** As git: an empty one takes back those before it. */
function helpersOf(config: CarrierConfig): string[] {
  const helpers: string[] = []
  for (const helper of config.own('credential.helper')) {
    if (helper === '') helpers.length = 0
    else helpers.push(helper)
  }
  return helpers
}

/** What git's helpers are asked: `git help credentials`. */
function questionFor(url: HttpUrl, withPath: boolean): Map<string, string> {
  const { host } = new URL(url.origin)
  const question = new Map([
    ['protocol', url.isSecure ? 'https' : 'http'],
    ['host', host],
  ])
  if (withPath && url.path !== '/') question.set('path', url.path.slice(1))
  return question
}

type Action = 'get' | 'store' | 'erase'

/**
 * Runs a helper as git does: `!` begins a command for the shell, a path is a program, any other word names `git
 * credential-WORD`. What it cannot say it says nothing of.
 */
async function askHelper(
  helper: string,
  action: Action,
  question: ReadonlyMap<string, string>,
  { environment, note }: Surroundings,
): Promise<Map<string, string>> {
  const { execa } = await import('execa')
  const isPath = helper.startsWith('/') || /^[a-z]:[\\/]/i.test(helper)
  const command = helper.startsWith('!')
    ? helper.slice(1)
    : isPath
      ? helper
      : `git credential-${helper}`
  const input = `${[...question].map(([key, value]) => `${key}=${value}\n`).join('')}\n`
  const result = await execa('sh', ['-c', `${command} "$@"`, helper, action], {
    env: environment,
    extendEnv: false,
    input,
    stdout: 'pipe',
    stderr: 'inherit',
    reject: false,
    maxBuffer: MOST_HELPER_OUTPUT,
  })
  const answer = new Map<string, string>()
  if (result.failed) {
    // Helpers say no by an exit code too; only one that is not there needs a word.
    if (result.exitCode === 127) note(`credential.helper is not there: ${escapeControl(helper)}`)
    return answer
  }
  for (const line of (result.stdout ?? '').split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0) answer.set(line.slice(0, equals), line.slice(equals + 1).replace(/\r$/, ''))
  }
  return answer
}

async function tellHelpers(
  helpers: readonly string[],
  action: Action,
  filled: ReadonlyMap<string, string>,
  surroundings: Surroundings,
): Promise<void> {
  for (const helper of helpers) await askHelper(helper, action, filled, surroundings)
}

export function isThisMachine(origin: string): boolean {
  const { hostname } = new URL(origin)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function needsTls(url: HttpUrl): VarveError {
  const location = formatRemoteUrl(url)
  return new VarveError(
    'refused',
    `${location} asks for a token, which anybody on the way could read`,
    {
      data: { url: location },
      hint: 'use https://: tokens go over plain HTTP to this machine alone',
    },
  )
}
