import { type Commit, subjectOf } from '../core/commit.ts'
import type { Id } from '../core/id.ts'

/** The message of the commit that takes another one back, as git makes it. */
export function revertMessage(id: Id, commit: Commit, parent: Id | undefined): string {
  const subject = subjectOf(commit)
  const again = /^Revert "(.*)"$/.exec(subject)?.[1]
  const head = again === undefined ? `Revert "${subject}"` : `Reapply "${again}"`
  const of =
    commit.parents.length > 1 && parent !== undefined
      ? `, reversing\nchanges made to ${parent}`
      : ''
  return `${head}\n\nThis reverts commit ${id}${of}.\n`
}

const TRAILER = /^[\w-]+: |^\(cherry picked from commit [0-9a-f]+\)$/

/** The message of a commit that is picked, with a last line that says which one it was. */
export function pickedMessage(id: Id, { message }: Commit, recordOrigin: boolean): string {
  if (!recordOrigin) return message
  const text = message.trimEnd()
  const last = text.slice(text.lastIndexOf('\n') + 1)
  const isTrailer = text.includes('\n') && TRAILER.test(last)
  return `${text}${isTrailer ? '\n' : '\n\n'}(cherry picked from commit ${id})\n`
}
