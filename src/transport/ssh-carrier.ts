import type { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { Carrier } from './carrier.ts'
import { type Duplex, openDuplexCarrier } from './duplex-carrier.ts'
import type { OpenCarrierOptions } from './open-carrier.ts'
import { formatRemoteUrl, type SshUrl } from './remote-url.ts'
import type { SshConnection } from './ssh-builtin.ts'
import { remoteCommand, sshArguments, wordsOfCommand } from './ssh-command.ts'
import { sshError } from './ssh-errors.ts'
import { type RemoteProgram, startSshProgram } from './ssh-program.ts'

/** Milliseconds that the other side may take to end once it has been told that there is no more. */
const END_MS = 5_000

/** Opens the way to a repository behind ssh: `varve upload-pack` runs there, over standard input and output. */
export async function openSshCarrier(url: SshUrl, options: OpenCarrierOptions): Promise<Carrier> {
  const location = formatRemoteUrl(url)
  const starter = (await usesBuiltIn(options))
    ? builtInStarter(url, options)
    : programStarter(url, options)
  const carrier = openDuplexCarrier({
    location,
    connect: async (service) => {
      const named = service === 'upload-pack' ? options.uploadPack : options.receivePack
      const program = await starter.start(remoteCommand(service, url.path, named))
      return duplexOf(program, url, options)
    },
  })
  return {
    ...carrier,
    close: async () => {
      await carrier.close()
      starter.close()
    },
  }
}

interface Starter {
  start(command: string): Promise<RemoteProgram>
  close(): void
}

/** The command for ssh that somebody has set; VARVE_SSH_COMMAND before `core.sshCommand`. */
function namedCommand({ surroundings, config }: OpenCarrierOptions): string | undefined {
  return surroundings.environment.VARVE_SSH_COMMAND || config.get('core.sshCommand') || undefined
}

async function usesBuiltIn(options: OpenCarrierOptions): Promise<boolean> {
  if (namedCommand(options) !== undefined) return false
  if (options.config.get('core.ssh') === 'builtin') return true
  return !(await options.surroundings.hasProgram('ssh'))
}

function programStarter(url: SshUrl, options: OpenCarrierOptions): Starter {
  const [program, ...words] = wordsOfCommand(namedCommand(options) ?? 'ssh')
  return {
    start: (command) =>
      startSshProgram(
        [program, ...words, ...sshArguments(url, command)],
        options.surroundings.environment,
      ),
    close: () => undefined,
  }
}

/** One connection serves both services, one after another. */
function builtInStarter(url: SshUrl, { surroundings }: OpenCarrierOptions): Starter {
  let connection: SshConnection | undefined
  return {
    async start(command) {
      if (connection === undefined || connection.isClosed()) {
        const { connectBuiltIn } = await import('./ssh-builtin.ts')
        connection = await connectBuiltIn(url, surroundings)
      }
      return connection.run(command)
    },
    close: () => connection?.close(),
  }
}

function duplexOf(
  program: RemoteProgram,
  url: SshUrl,
  { surroundings }: OpenCarrierOptions,
): Duplex {
  return {
    readable: program.readable,
    writable: program.writable,
    async reason(): Promise<VarveError | undefined> {
      const end = await endOf(program)
      program.takeErrors()
      return sshError(url, end)
    },
    async close() {
      program.writable.end()
      const { exitCode } = await endOf(program)
      // What ssh and the other side said beside the answers: banners, warnings. Where varve failed there, an answer said why.
      for (const line of program.takeErrors().split(/\r?\n/)) {
        const isAnswered = exitCode !== 0 && /^(?:varve|hint): /.test(line)
        if (line.trim() !== '' && !isAnswered)
          surroundings.note(`${url.host}: ${escapeControl(line)}`)
      }
    },
  }
}

/** How a program ended, which it is made to do after a while. */
async function endOf(program: RemoteProgram) {
  // Nobody takes any more what still comes. Whoever read before has left a listener, so `resume` would do nothing.
  const { readable } = program
  const drop = () => {
    while (readable.read() !== null);
  }
  readable.on('readable', drop)
  drop()
  const timer = setTimeout(() => program.stop(), END_MS)
  try {
    return await program.ended
  } finally {
    clearTimeout(timer)
  }
}
