import type { Signature } from '../../core/commit.ts'
import { hasCode, VarveError } from '../../core/errors.ts'
import { endWithNewline } from '../../core/message.ts'
import { MAX_SECONDS, MIN_SECONDS } from '../../core/signature.ts'
import { type GitSource, readGit, startGit } from './run-git.ts'

/** A commit's place in history. */
export interface GitStep {
  readonly oid: string
  readonly parents: readonly string[]
}

export interface GitCommit {
  readonly tree: string
  /** Whether it has parents; in a shallow repository also where `GitStep` has none. */
  readonly hasParents: boolean
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

/** The commit that a revision of git leads to; `revision-not-found`. */
export async function resolveGitRevision(source: GitSource, revision: string): Promise<string> {
  try {
    const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
    return (await readGit(source, args)).trim()
  } catch (error) {
    // It says nothing where it knows of no such thing.
    if (!hasCode(error, 'bad-input') || error.data.git !== '') throw error
    throw new VarveError('revision-not-found', `git knows no commit ${JSON.stringify(revision)}`, {
      data: { revision, folder: source.folder },
      hint: `git -C ${source.folder} branch -a lists branches`,
    })
  }
}

/** The commits that lead to one, parents before children. */
export async function listGitHistory(
  source: GitSource,
  oid: string,
  options: { readonly firstParent?: boolean | undefined } = {},
): Promise<GitStep[]> {
  const only = options.firstParent === true ? ['--first-parent'] : []
  const args = ['rev-list', '--topo-order', '--reverse', '--parents', ...only, oid]
  const git = await startGit(source, args)
  const steps: GitStep[] = []
  let rest = ''
  for await (const piece of git.output) {
    const lines = (rest + Buffer.from(piece).toString('latin1')).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const [id, ...parents] = line.split(' ')
      steps.push({
        oid: id!,
        parents: options.firstParent === true ? parents.slice(0, 1) : parents,
      })
    }
  }
  await git.finish()
  return steps
}

/** Reads the bytes of a commit as far as varve has a place for it. */
export function parseGitCommit(bytes: Buffer): GitCommit {
  const end = bytes.indexOf('\n\n')
  const head = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1')
  const headers = new Map<string, string>()
  for (const line of head.split('\n')) {
    const space = line.indexOf(' ')
    // What begins with a space goes on with a header that is of no use here, such as a signature.
    if (space > 0 && !headers.has(line.slice(0, space))) {
      headers.set(line.slice(0, space), line.slice(space + 1))
    }
  }
  const decode = decoderOf(headers.get('encoding'))
  const textOf = (name: string): string => decode(Buffer.from(headers.get(name) ?? '', 'latin1'))
  const message = decode(bytes.subarray(end < 0 ? bytes.length : end + 2)).replaceAll('\0', '')
  return {
    tree: headers.get('tree') ?? '',
    hasParents: headers.has('parent'),
    author: signatureOf(textOf('author')),
    committer: signatureOf(textOf('committer')),
    message: endWithNewline(message),
  }
}

/** What reads text of the encoding that a commit names: UTF-8 unless it says or is otherwise. */
function decoderOf(encoding: string | undefined): (bytes: Buffer) => string {
  return (bytes) => {
    for (const label of [encoding ?? 'utf-8', 'utf-8']) {
      try {
        return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes)
      } catch {
        // Neither a label that nobody knows nor bytes of another encoding keep a commit from being read.
      }
    }
    return bytes.toString('latin1')
  }
}

/** `NAME <EMAIL> SECONDS ±HHMM`, as far as it can be made out. */
function signatureOf(text: string): Signature {
  const match = /^(.*?)<([^<>]*)>[^0-9+-]*([+-]?\d{1,18})?(?: *([+-])(\d{2})(\d{2}))?/s.exec(text)
  const [, name = text, email = '', seconds = '0', sign = '+', hours = '0', minutes = '0'] =
    match ?? []
  const offset = Number(hours) * 60 + Number(minutes)
  return {
    name: fitting(name),
    email: fitting(email),
    seconds: Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, Number(seconds))),
    offsetMinutes: offset >= 24 * 60 || offset === 0 ? 0 : sign === '-' ? -offset : offset,
  }
}

/** A name or an address as a commit can have it. */
function fitting(text: string): string {
  return text.replace(/[\p{Cc}<>]/gu, ' ').trim()
}
