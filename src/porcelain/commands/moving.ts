import type { Context } from '../../cli/context.ts'
import { subjectOf } from '../../core/commit.ts'
import { shortId } from '../../core/id.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import type { FilesMoved, FilesOptions } from '../show-tree.ts'
import type { SwitchResult } from '../switch.ts'

/** What operations that move the work tree are given, while a bar counts the files written. */
export async function whileMoving<R>(
  context: Context,
  options: { readonly force?: boolean; readonly files?: boolean },
  move: (files: FilesOptions) => Promise<R>,
): Promise<R> {
  const config = await context.config()
  const progress = context.progress({ label: 'writing files', unit: 'series' })
  try {
    return await move({
      filesLimit: options.files === false ? 0 : config.number('checkout.filesLimit'),
      force: options.force,
      signal: context.abort,
      onFile: () => progress.add(1),
    })
  } finally {
    progress.done()
  }
}

/** Says which series got no files and how they get them. */
export function noteFilesLeft(context: Context, { left }: FilesMoved): void {
  if (left === undefined) return
  const series = `${left.series.toLocaleString('en-US')}${left.over ? ' or more' : ''} series`
  const size = `${megabytes(left.bytes)} or more`
  const limit = `checkout.filesLimit is ${megabytes(left.limit)}`
  context.note(`no files were written for series without one: ${series} come to ${size}; ${limit}`)
  context.note(
    'varve checkout --files SERIES... writes some of them, varve checkout --files --all all',
  )
}

function megabytes(bytes: number): string {
  const mega = bytes / (1024 * 1024)
  return mega >= 10 || Number.isInteger(mega) ? `${Math.round(mega)} MiB` : `${mega.toFixed(1)} MiB`
}

/** What a detached HEAD means, for whoever has not just seen it. */
export function noteDetached(context: Context, { from, to, already }: SwitchResult): void {
  if (already || to.branch !== undefined || from.branch === undefined) return
  context.note('HEAD is detached: commits made here belong to no branch')
  context.note('varve switch -c NAME keeps them in a new branch, varve switch - goes back')
}

/** Where one is now, as git says it. */
export function switchText(result: SwitchResult): string {
  const { to, left, commit, already, created, carried } = result
  const lines = carried.map((series) => `M\t${series}`)
  if (left !== undefined) {
    lines.push(`Previous HEAD position was ${short(result.from.id)} ${subjectOf(left)}`)
  }
  if (to.branch === undefined) {
    lines.push(`HEAD is now at ${short(to.id)} ${commit === undefined ? '' : subjectOf(commit)}`)
  } else if (already) {
    lines.push(`Already on '${to.branch}'`)
  } else {
    lines.push(`Switched to ${created ? 'a new ' : ''}branch '${to.branch}'`)
  }
  if (result.follows !== undefined) {
    lines.push(`branch '${to.branch}' follows '${result.follows}'.`)
  }
  return lines.join('\n')
}

export function switchJson({ from, to, commit, left: _, ...rest }: SwitchResult) {
  return { from, to, commit: commit === undefined ? null : commitJson(commit), ...rest }
}

/** The first digits of an id, for people. */
export function short(id: string | undefined): string {
  return id === undefined ? '' : shortId(id)
}
