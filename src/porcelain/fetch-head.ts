import type { Repository } from '../plumbing/repository.ts'
import type { FetchPlan } from './fetch-plan.ts'

/**
 * Writes what was fetched last as git does, for `FETCH_HEAD` as a revision and for people: a line each of id,
 * whether it is for a merge, and what it is. Nothing where there are no private files.
 */
export async function writeFetchHead(
  repo: Repository,
  location: string,
  { wanted, heads }: Pick<FetchPlan, 'wanted' | 'heads'>,
): Promise<void> {
  const merged = new Set(heads.map(({ name, id }) => `${name} ${id}`))
  const seen = new Set<string>()
  const lines = wanted.flatMap(({ name, id }) => {
    const key = `${name} ${id}`
    if (seen.has(key)) return []
    seen.add(key)
    return [
      {
        first: merged.has(key),
        text: `${id}\t${merged.has(key) ? '' : 'not-for-merge'}\t${sourceText(name)} of ${location}`,
      },
    ]
  })
  const sorted = [...lines.filter(({ first }) => first), ...lines.filter(({ first }) => !first)]
  const text = sorted.map((line) => `${line.text}\n`).join('')
  await repo.privateFiles?.write('FETCH_HEAD', Buffer.from(text))
}

/** `branch 'main'`, as the message of a merge says it. */
export function sourceText(name: string | undefined): string {
  const match = /^refs\/(heads|tags)\/(.*)$/s.exec(name ?? '')
  if (match === null) return name === undefined ? 'a commit' : `'${name}'`
  return `${match[1] === 'heads' ? 'branch' : 'tag'} '${match[2]}'`
}
