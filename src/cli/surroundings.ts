import fs from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { CarrierConfig, Surroundings } from '../plumbing/open-carrier.ts'
import { Config } from './config.ts'
import type { Host } from './host.ts'

/** What carriers may know of this machine: read here, as nothing below the frame reads it. */
export async function surroundingsOf(
  host: Host,
  note: (text: string) => void,
): Promise<Surroundings> {
  const { getProxyForUrl } = await import('proxy-from-env')
  const home = host.env.HOME || homedir()
  return {
    environment: host.env,
    home,
    user: host.env.USER || host.env.LOGNAME || accountName(),
    readFile: async (path) => optional('read', path, () => fs.readFileSync(path)),
    readPrivateFile: async (path) => {
      const { readSecretFile } = await import('../storage/secret-file.ts')
      return (await readSecretFile(path, 'read'))?.bytes
    },
    listFolder: async (path) => optional('list', path, () => fs.readdirSync(path)) ?? [],
    hasProgram: async (name) => isInPath(name, host.env.PATH),
    askSecret: (prompt) => askSecret(host, prompt),
    proxyFor: (url) => getProxyForUrl(url) || undefined,
    note,
  }
}

/** Configuration as carriers ask for it. */
export function carrierConfigOf(config: Config): CarrierConfig {
  const own = new Config(config.layers.filter(({ scope }) => scope !== 'local'))
  return {
    get: (key) => config.get(key),
    own: (key) => own.all(key),
  }
}

function accountName(): string {
  try {
    return userInfo().username
  } catch {
    // An account that only has a number.
    return 'nobody'
  }
}

function optional<T>(doing: string, path: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const kind = code === 'EACCES' ? 'permission-denied' : 'io'
    throw new VarveError(kind, `cannot ${doing} ${path}: ${message}`, { cause: error })
  }
}

function isInPath(name: string, path: string | undefined): boolean {
  const names = process.platform === 'win32' ? [`${name}.exe`, name] : [name]
  return (path ?? '')
    .split(delimiter)
    .some((folder) => names.some((file) => folder !== '' && isRunnable(join(folder, file))))
}

function isRunnable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK)
    return fs.statSync(path).isFile()
  } catch {
    // Whatever hinders: it cannot be run from there.
    return false
  }
}

/** Asks on the terminal, and shows nothing of what is typed. */
function askSecret(host: Host, prompt: string): Promise<string | undefined> {
  if (host.stdin.isTTY !== true || host.stderr.isTTY !== true) return Promise.resolve(undefined)
  if (host.env.VARVE_TERMINAL_PROMPT === '0') return Promise.resolve(undefined)
  host.stderr.write(escapeControl(prompt))
  const silent = new Writable({ write: (_piece, _encoding, done) => done() })
  const lines = createInterface({ input: host.stdin, output: silent, terminal: true })
  return new Promise((resolve) => {
    let answer: string | undefined
    lines.on('line', (line) => {
      answer = line
      lines.close()
    })
    // Ctrl-C here means that there is no answer; once more stops the command.
    lines.on('SIGINT', () => lines.close())
    lines.on('close', () => {
      host.stderr.write('\n')
      resolve(answer || undefined)
    })
  })
}
