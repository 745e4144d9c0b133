import { type Id, shortId } from '../../core/id.ts'
import type { Applied } from '../../plumbing/change.ts'

/** The end of a report where the change was committed at once. */
export function committed(commit: Id | undefined): string {
  return commit === undefined ? '' : ` [${shortId(commit)}]`
}

/** What a change did as a document: its result, whether anything changed, and the commit. */
export function appliedJson<R extends object>({ result, ...rest }: Applied<R>) {
  return { ...result, ...rest }
}
