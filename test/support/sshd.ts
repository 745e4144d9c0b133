import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { freePort } from './free-port.ts'
import { hasTool } from './optional-tool.ts'
import { temporaryFolder } from './temporary.ts'

export const hasSshd = hasTool('/usr/sbin/sshd') && hasTool('ssh') && hasTool('ssh-keygen')

export interface Sshd {
  readonly port: number
  readonly user: string
  /** A home folder whose `.ssh` knows the server, and has a key that lets in. */
  readonly home: string
  /** The system's ssh with that home's configuration: for `core.sshCommand`. */
  readonly command: string
  /** The line of known_hosts for the server. */
  readonly hostLine: string
  readonly authorizedKeys: string
}

const servers: ChildProcess[] = []
afterAll(() => {
  for (const server of servers.splice(0)) server.kill()
})

function makeKey(path: string, type = 'ed25519', passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-f', path, '-C', 'test'])
}

/** Debian's sshd on a port of this machine, with keys of its own. `options` are further lines of its configuration. */
export async function startSshd(options: readonly string[] = []): Promise<Sshd> {
  const folder = temporaryFolder()
  const port = await freePort()
  const home = join(folder, 'home')
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 })
  makeKey(join(folder, 'host'))
  makeKey(join(home, '.ssh/id_ed25519'))
  const authorizedKeys = join(folder, 'authorized_keys')
  writeFileSync(authorizedKeys, readFileSync(join(home, '.ssh/id_ed25519.pub')), { mode: 0o600 })
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
    ...options,
  ]
  writeFileSync(join(folder, 'sshd_config'), `${lines.join('\n')}\n`)
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  servers.push(server)
  await new Promise<void>((resolve, reject) => {
    let said = ''
    server.stderr.on('data', (piece: Buffer) => {
      said += piece.toString()
      if (said.includes('Server listening')) resolve()
    })
    server.on('exit', () => reject(new Error(`sshd ended: ${said}`)))
  })
  const [type, key] = readFileSync(join(folder, 'host.pub'), 'utf8').split(' ')
  const hostLine = `[127.0.0.1]:${port} ${type} ${key}\n`
  writeFileSync(join(home, '.ssh/known_hosts'), hostLine)
  const config = [
    'Host *',
    `  UserKnownHostsFile ${home}/.ssh/known_hosts`,
    `  IdentityFile ${home}/.ssh/id_ed25519`,
    '  IdentitiesOnly yes',
    '  BatchMode yes',
    '  StrictHostKeyChecking yes',
  ]
  writeFileSync(join(home, '.ssh/config'), `${config.join('\n')}\n`)
  const { username: user } = userInfo()
  return { port, user, home, command: `ssh -F ${home}/.ssh/config`, hostLine, authorizedKeys }
}
