import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import { knownHostName, SSH_PORT } from './known-hosts.ts'
import { formatRemoteUrl, type SshUrl } from './remote-url.ts'

/** How a connection over ssh came to its end, where it did so before an answer. */
export interface SshEnd {
  /** Undefined where a signal ended the program. */
  readonly exitCode: number | undefined
  /** The end of what came on standard error: from ssh, and from the other side. */
  readonly errors: string
  /** Why ssh could not be started at all. */
  readonly failure?: VarveError | undefined
}

const UNKNOWN_HOST_KEY =
  /host key verification failed|no .*host key is known|identification has changed/i
const DENIED = /permission denied \(|too many authentication failures|no supported authentication/i
const NOT_FOUND = /not found|no such file or directory|is not recognized/i

/** ssh says with 255 that it failed itself; other codes are those of the command there. */
const SSH_FAILED = 255
const NO_SUCH_COMMAND = 127
const NOT_EXECUTABLE = 126

/** What a connection over ssh that gave no answer means to the user. */
export function sshError(url: SshUrl, end: SshEnd): VarveError {
  const { host } = url
  const location = formatRemoteUrl(url)
  if (end.failure !== undefined) return end.failure
  const lines = end.errors.split(/\r?\n/).filter((line) => line.trim() !== '')
  const said = escapeControl((lines.findLast((line) => !line.startsWith('hint: ')) ?? '').trim())
  const data = {
    url: location,
    exitCode: end.exitCode,
    said: lines.slice(-5).map((line) => escapeControl(line)),
  }
  if (end.exitCode === SSH_FAILED) {
    if (UNKNOWN_HOST_KEY.test(end.errors)) return untrustedHost(url, said)
    if (DENIED.test(end.errors)) {
      return new VarveError('access-denied', `${host} does not let you in: ${said}`, {
        data,
        hint: `\`ssh ${wordsFor(url)} true\` must work; \`ssh -v ${wordsFor(url)}\` says which keys are tried`,
      })
    }
    return new VarveError('unreachable', `cannot reach ${host}: ${said || 'ssh says nothing'}`, {
      data,
    })
  }
  const isMissing = end.exitCode === NO_SUCH_COMMAND || end.exitCode === NOT_EXECUTABLE
  if (isMissing && NOT_FOUND.test(end.errors || 'not found')) {
    return new VarveError(
      'unreachable',
      `there is no varve on ${host}: ${said || 'command not found'}`,
      {
        data,
        hint:
          'where it is there but not in the PATH of ssh: --upload-pack="/path/to/varve upload-pack" ' +
          '(remote.NAME.uploadPack, .receivePack); where it is not: sftp://host/path needs none',
      },
    )
  }
  const why =
    said ||
    (end.exitCode === 0 && 'the command there gave no answer of varve') ||
    (end.exitCode === undefined ? 'ssh was ended by a signal' : `exit code ${end.exitCode}`)
  return new VarveError('disconnected', `${host} ended the connection: ${why}`, { data })
}

/**
 * The key of a host is not known, or is another than the one that is known.
 *
 * @param name the host's in known_hosts, where it is not the one in the URL
 */
export function untrustedHost(
  url: SshUrl,
  said: string,
  name = knownHostName(url.host, url.port ?? SSH_PORT),
): VarveError {
  const shown = /^[\w.-]+$/.test(name) ? name : `'${name}'`
  return new VarveError(
    'untrusted-host',
    `${url.host} is not who it should be, or nobody you know: ${said}`,
    {
      data: { url: formatRemoteUrl(url), said },
      hint:
        `\`ssh ${wordsFor(url)}\` shows its key and asks whether you trust it; where the key has changed for a good reason, ` +
        `\`ssh-keygen -R ${shown}\` forgets the old one`,
    },
  )
}

/** How ssh is told the same host, port and user. */
function wordsFor({ user, host, port }: SshUrl): string {
  const account = user === undefined ? host : `${user}@${host}`
  return port === undefined ? account : `-p ${port} ${account}`
}
