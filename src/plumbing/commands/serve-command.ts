import type { Context } from '../../cli/context.ts'
import { usageError } from '../../cli/define-command.ts'
import type { Options } from '../../cli/options.ts'
import { hasCode, VarveError } from '../../core/errors.ts'
import { parseRemoteCommand, placeBelow, type Service, serveStdio } from '../serve-stdio.ts'

/** What both services are told. */
export function serveOptions(y: Options<object>) {
  return y
    .positional('directory', {
      describe: 'The repository, as its folder or that of its work tree',
      complete: 'file',
    })
    .option('root', {
      value: 'dir',
      describe: 'Serve nothing outside of this folder',
      complete: 'file',
    })
    .option('forced', {
      type: 'boolean',
      describe: 'Serve what the client asked ssh for, as SSH_ORIGINAL_COMMAND says',
    })
}

export interface ServeArguments {
  readonly directory: string | undefined
  readonly root: string | undefined
  readonly forced: boolean
  readonly readOnly: boolean
}

/** Runs a service over standard input and output. */
export function runService(
  service: Service,
  { directory, root, forced, readOnly }: ServeArguments,
  context: Context,
): AsyncGenerator<Uint8Array> {
  const asked: Asked = forced ? askedFor(service, directory, context) : { service, path: directory }
  if (asked.path === undefined) throw usageError('it takes the folder of a repository')
  const path = asked.path.startsWith('~/') ? asked.path.slice(2) : asked.path
  const place = (): string =>
    root === undefined ? context.resolve(path) : placeBelow(context.resolve(root), path)
  return serve(asked, place, readOnly, context)
}

async function* serve(
  { service, mayNot }: Asked,
  place: () => string,
  readOnly: boolean,
  context: Context,
): AsyncGenerator<Uint8Array> {
  yield* serveStdio(service, context.stdin, {
    open: async () => {
      // Said as an answer, so that who asks is told that, and not that the connection ended.
      if (mayNot !== undefined) throw new VarveError('refused', mayNot)
      return context.repositoryAt(place())
    },
    // Who only fetches is named nowhere: to find out who that is may take asking git.
    client: readOnly ? NOBODY : await clientOf(context),
    now: () => context.clock(),
    readOnly,
    signal: context.abort,
  })
}

const NOBODY = { name: 'somebody', email: '' }

interface Asked {
  readonly service: Service
  readonly path: string | undefined
  /** Why it is not done. */
  readonly mayNot?: string
}

/** `upload-pack` never takes pushes; `receive-pack` may be asked for both. */
function askedFor(service: Service, directory: string | undefined, context: Context): Asked {
  if (directory !== undefined) throw usageError('--forced takes the folder from the client')
  const command = context.env('SSH_ORIGINAL_COMMAND')
  if (command === undefined) {
    throw usageError(
      '--forced is for a command in authorized_keys: SSH_ORIGINAL_COMMAND is not set',
    )
  }
  const asked = parseRemoteCommand(command)
  const isAllowed = service === 'receive-pack' || asked.service === service
  return isAllowed ? asked : { ...asked, mayNot: 'this account may fetch, not push' }
}

/** Whom the log names for what is pushed: who this account is. */
async function clientOf(
  context: Context,
): Promise<{ readonly name: string; readonly email: string }> {
  try {
    const { name, email } = await context.identity('committer')
    return { name, email }
  } catch (error) {
    if (!hasCode(error, 'identity-unknown')) throw error
    return { ...NOBODY, name: context.env('USER') ?? context.env('LOGNAME') ?? NOBODY.name }
  }
}
