import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import { formatCounts } from '../../core/series-counts.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import type { MergeResult } from '../merge.ts'
import { conflictCount, type TreeChanges } from '../three-way.ts'
import { pathStatJson } from './history-json.ts'
import { short } from './moving.ts'

export function mergedText(result: MergeResult, style: Style): string {
  const {
    outcome,
    shown,
    ours,
    id,
    commit: made,
    branch,
    changes,
    counts,
    conflicts,
    dryRun,
  } = result
  const lines: string[] = []
  const where = branch?.replace(/^refs\/heads\//, '') ?? 'detached HEAD'
  if (outcome === 'up-to-date') return 'Already up to date.'
  if (outcome === 'fast-forward') {
    const from = ours === undefined ? '' : `${short(ours)}..`
    lines.push(`${dryRun ? 'Would update' : 'Updating'} ${from}${short(id)}`, 'Fast-forward')
  } else if (made !== undefined) {
    lines.push(`[${style.cyan(where)} ${style.yellow(short(id))}] ${subjectOf(made)}`)
  } else if (dryRun) {
    lines.push(`[${style.cyan(where)} ${style.yellow('dry run')}] merging ${shown}`)
  } else {
    lines.push(`Merging ${shown} into ${where}`)
  }
  lines.push(...changeLines({ changes, counts }))
  for (const { series, conflicts: count } of conflicts) {
    lines.push(style.red(`CONFLICT  ${readablePath(series)}  ${conflictCount(count)}`))
  }
  if (outcome === 'staged' && !dryRun)
    lines.push('Staged and not committed: varve commit concludes it')
  return lines.join('\n')
}

export function mergedJson({ commit: made, changes, branch, ours, ...rest }: MergeResult) {
  return {
    ...rest,
    ours: ours ?? null,
    branch: branch ?? null,
    commit: made === undefined ? null : commitJson(made),
    changes: changes.map(pathStatJson),
  }
}

/** What changes: the number of series and rows, then a line each. */
export function changeLines({ changes, counts }: TreeChanges): string[] {
  const series = changes.filter(({ kind }) => kind !== 'collection')
  const lines: string[] = []
  if (series.length > 0) lines.push(` ${series.length} series changed, ${formatCounts(counts)}`)
  for (const { path, kind, state, stat } of changes) {
    const name = readablePath(path)
    if (kind === 'collection') lines.push(` settings of ${name}/`)
    else if (state === 'new') lines.push(` new series ${name}`)
    else if (state === 'deleted') lines.push(` deleted series ${name}`)
    else lines.push(` ${name}  ${formatCounts(stat)}`)
  }
  return lines
}
