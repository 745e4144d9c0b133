import type { Id } from '../../core/id.ts'

/** The end of a report where the change was committed at once. */
export function committed(commit: Id | undefined): string {
  return commit === undefined ? '' : ` [${commit.slice(0, 10)}]`
}
