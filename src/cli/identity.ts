import type { Signature } from '../core/commit.ts'
import { parseCommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Config } from './config.ts'
import type { Clock } from './context.ts'

export interface IdentitySources {
  readonly env: (name: string) => string | undefined
  readonly config: () => Promise<Config>
  readonly now: () => Clock
  /** git's own configuration, asked only when varve's has no answer. */
  readonly gitConfig: (key: string) => Promise<string | undefined>
}

/** Name, address and date for a commit; `identity-unknown` when name or address is nowhere. */
export async function findIdentity(
  role: 'author' | 'committer',
  sources: IdentitySources,
): Promise<Signature> {
  const prefix = role === 'author' ? 'VARVE_AUTHOR' : 'VARVE_COMMITTER'
  const lookup = async (variable: string, key: string) =>
    sources.env(`${prefix}_${variable}`) ??
    (await sources.config()).get(key) ??
    (await sources.gitConfig(key))
  const name = cleanName(await lookup('NAME', 'user.name'))
  const email = cleanName(await lookup('EMAIL', 'user.email'))
  if (name === undefined) {
    throw email === undefined
      ? unknown(role, 'name', NAME_KEY, EMAIL_KEY)
      : unknown(role, 'name', NAME_KEY)
  }
  if (email === undefined) throw unknown(role, 'address', EMAIL_KEY)
  const { seconds, offsetMinutes } = sources.now()
  const date = sources.env(`${prefix}_DATE`)
  const when =
    date === undefined
      ? { seconds, offsetMinutes }
      : parseCommitDate(date, { seconds, offsetMinutes })
  return { name, email, ...when }
}

/** Without the characters that end a name in a commit, as git drops them. */
function cleanName(text: string | undefined): string | undefined {
  const cleaned = text?.replace(/[<>\x00-\x1f\x7f]/g, '').trim()
  return cleaned === '' ? undefined : cleaned
}

const NAME_KEY = 'user.name "Your Name"'
const EMAIL_KEY = 'user.email you@example.com'

function unknown(role: string, what: string, ...settings: readonly string[]): VarveError {
  return new VarveError('identity-unknown', `the ${role}'s ${what} is not known`, {
    data: { role },
    hint: settings.map((setting) => `varve config set --global ${setting}`).join(' && '),
  })
}
