import { parseCommitDate } from '../core/commit-date.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Repository } from '../plumbing/repository.ts'

/**
 * The time, in milliseconds since 1970, before which something is old enough to go: `2 weeks`, `90.days.ago`,
 * `2026-08-17`; `now` is Infinity, everything; `never` is -Infinity, nothing. `invalid-date` otherwise.
 *
 * @param now milliseconds since 1970
 */
export function parseExpiry(text: string, now: number): number {
  const words = text.trim().toLowerCase()
  if (words === 'now' || words === 'all') return Infinity
  if (words === 'never' || words === 'false') return -Infinity
  const span = /^\d+[ .]+(?:second|minute|hour|day|week|month|year)s?$/.test(words)
  const at = { seconds: Math.floor(now / 1000), offsetMinutes: 0 }
  try {
    return parseCommitDate(span ? `${words} ago` : words, at).seconds * 1000
  } catch (error) {
    if (!hasCode(error, 'invalid-date')) throw error
    throw new VarveError('invalid-date', `not a time to keep things for: ${JSON.stringify(text)}`, {
      data: { value: text.slice(0, 1000) },
      hint: 'one of "2 weeks", 90.days.ago, 2026-08-17, now, never',
    })
  }
}

/** What a key of the configuration says, as {@link parseExpiry}. */
export function configuredExpiry(
  repo: Repository,
  key: string,
  now: number,
  unless: string,
): number {
  const text = repo.config.get(key) ?? unless
  try {
    return parseExpiry(text, now)
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    throw new VarveError('invalid-value', `${key} is ${error.message}`, {
      data: { key, value: text.slice(0, 1000) },
      ...(error.hint !== undefined && { hint: error.hint }),
    })
  }
}
