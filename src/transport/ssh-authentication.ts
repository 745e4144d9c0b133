import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, ParsedKey } from 'ssh2'
import { VarveError } from '../core/errors.ts'
import type { SshSettings } from './ssh-settings.ts'
import type { Surroundings } from './surroundings.ts'

type Ssh2 = typeof import('ssh2')

/** A passphrase or a password may be mistyped. */
const ATTEMPTS = 3

/**
 * What the built-in client shows the other side, one after another: nothing, the keys of the agent, key files (asking for a
 * passphrase), then, on a terminal, a password. Tried is only what the other side takes.
 */
export function authentication(
  ssh2: Ssh2,
  settings: SshSettings,
  surroundings: Surroundings,
  onFailure: (error: unknown) => void,
): AuthHandlerMiddleware {
  let taken: readonly AuthenticationType[] | null = null
  const methods = methodsOf(ssh2, settings, surroundings, () => taken)
  return (left, _partial, next) => {
    taken = left as readonly AuthenticationType[] | null
    const giveUp = next as unknown as (end: false) => void
    methods.next().then(
      ({ done, value }) => (done === true ? giveUp(false) : next(value)),
      (error: unknown) => {
        onFailure(error)
        giveUp(false)
      },
    )
  }
}

async function* methodsOf(
  ssh2: Ssh2,
  settings: SshSettings,
  surroundings: Surroundings,
  taken: () => readonly AuthenticationType[] | null,
): AsyncGenerator<AnyAuthMethod, void> {
  const { user: username, host } = settings
  const takes = (type: AuthenticationType) => taken()?.includes(type) ?? true
  yield { type: 'none', username }
  if (settings.agent !== undefined && takes('publickey')) {
    const agent = settings.identitiesOnly
      ? await onlyNamed(ssh2, settings.agent, settings, surroundings)
      : settings.agent
    yield { type: 'agent', username, agent }
  }
  for (const path of settings.identityFiles) {
    if (!takes('publickey')) break
    const key = await readKey(ssh2, path, surroundings)
    if (key !== undefined) yield { type: 'publickey', username, key }
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const type = takes('password') ? 'password' : 'keyboard-interactive'
    if (!takes(type)) return
    const password = await surroundings.askSecret(`Password of ${username}@${host}: `)
    if (password === undefined) return
    if (type === 'password') yield { type, username, password }
    else {
      yield {
        type,
        username,
        prompt: (_name, _about, _language, asked, finish) => finish(asked.map(() => password)),
      }
    }
  }
}

/** A private key, or undefined where there is no such file. */
async function readKey(
  { utils }: Ssh2,
  path: string,
  surroundings: Surroundings,
): Promise<ParsedKey | undefined> {
  const bytes = await surroundings.readPrivateFile(path)
  if (bytes === undefined) return undefined
  const first = oneKey(utils.parseKey(Buffer.from(bytes)))
  if (!(first instanceof Error)) return first
  // The only kind of error that a passphrase can mend; the library has no code for it.
  if (!/passphrase/i.test(first.message)) throw badKey(path, first)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const passphrase = await surroundings.askSecret(`Passphrase of ${path}: `)
    if (passphrase === undefined) return undefined
    const key = oneKey(utils.parseKey(Buffer.from(bytes), passphrase))
    if (!(key instanceof Error)) return key
    surroundings.note('that is not the passphrase')
  }
  return undefined
}

function oneKey(parsed: ParsedKey | ParsedKey[] | Error): ParsedKey | Error {
  return Array.isArray(parsed) ? (parsed[0] ?? new Error('no key')) : parsed
}

function badKey(path: string, cause: Error): VarveError {
  return new VarveError('bad-input', `not a private key of ssh: ${path}: ${cause.message}`, {
    data: { path },
    cause,
  })
}

/** The agent, showing those of its keys alone whose public half is beside a named key file. */
async function onlyNamed(
  ssh2: Ssh2,
  socket: string,
  { identityFiles }: SshSettings,
  surroundings: Surroundings,
) {
  const named: string[] = []
  for (const path of identityFiles) {
    const bytes = await surroundings.readFile(`${path}.pub`)
    const key = bytes && oneKey(ssh2.utils.parseKey(Buffer.from(bytes)))
    if (key !== undefined && !(key instanceof Error)) named.push(key.getPublicSSH().toString('hex'))
  }
  const agent = ssh2.createAgent(socket)
  const all = agent.getIdentities.bind(agent)
  const isNamed = (key: ParsedKey | Buffer | string) => {
    const parsed = oneKey(ssh2.utils.parseKey(key as Buffer))
    return !(parsed instanceof Error) && named.includes(parsed.getPublicSSH().toString('hex'))
  }
  agent.getIdentities = ((done: (error: Error | undefined, keys?: Buffer[]) => void) =>
    all(((error: Error | undefined, keys: Buffer[] = []) =>
      done(error, keys.filter(isNamed))) as never)) as typeof agent.getIdentities
  return agent
}
