import { createHash } from 'node:crypto'
import { type Id, isId } from '../core/id.ts'
import { isRefName } from '../core/names.ts'
import type { KnownRefs, RemoteRef } from './connect.ts'
import type { Repository } from './repository.ts'

/**
 * What a remote's refs were when they were last listed, so that it need not list them again while nothing has moved.
 * A private file for each URL; nothing is remembered where there are no private files.
 */
export async function readKnownRefs(repo: Repository, url: string): Promise<KnownRefs | undefined> {
  const bytes = await repo.privateFiles?.read(fileOf(url))
  if (bytes === undefined) return undefined
  // What is damaged is as good as forgotten: the other side tells it all again.
  try {
    return checked(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export async function writeKnownRefs(
  repo: Repository,
  url: string,
  known: KnownRefs,
): Promise<void> {
  const { refs, head, shallow, token } = known
  const text = JSON.stringify({ refs, head, shallow, token })
  await repo.privateFiles?.write(fileOf(url), Buffer.from(text))
}

/** Forgets what a remote was, when nothing leads to it any more. */
export async function forgetKnownRefs(repo: Repository, url: string): Promise<void> {
  await repo.privateFiles?.remove(fileOf(url))
}

function fileOf(url: string): string {
  return `remote-${createHash('sha256').update(url).digest('hex').slice(0, 16)}`
}

function checked(value: unknown): KnownRefs | undefined {
  const { refs, head, shallow, token } = (value ?? {}) as Partial<KnownRefs>
  const isRef = (ref: Partial<RemoteRef> | null) =>
    isRefName(String(ref?.name)) && isIdText(ref?.id) && (!ref?.peeled || isIdText(ref.peeled))
  const isWhole =
    Array.isArray(refs) &&
    refs.every(isRef) &&
    Array.isArray(shallow) &&
    shallow.every(isIdText) &&
    isRefName(String(head)) &&
    /^[0-9a-f]{1,64}$/.test(String(token))
  return isWhole ? ({ refs, head, shallow, token } as KnownRefs) : undefined
}

function isIdText(value: unknown): value is Id {
  return typeof value === 'string' && isId(value)
}
