/** What happened to rows, by class. */
export interface ChangeCounts {
  /** New rows whose keys are past the old end. */
  readonly appended: number
  /** New rows before the old end. */
  readonly backfilled: number
  /** Rows that were there and have other values now. */
  readonly revised: number
  readonly deleted: number
  /** Rows that were written and had these very values already. */
  readonly unchanged: number
}

export type MutableCounts = { -readonly [name in keyof ChangeCounts]: number }

export function noChanges(): MutableCounts {
  return { appended: 0, backfilled: 0, revised: 0, deleted: 0, unchanged: 0 }
}

/** Whether anything was changed. */
export function isChange(counts: Omit<ChangeCounts, 'unchanged'>): boolean {
  return counts.appended + counts.backfilled + counts.revised + counts.deleted > 0
}

/** Counts of several edits or series together. */
export function addCounts(a: ChangeCounts, b: ChangeCounts): ChangeCounts {
  return {
    appended: a.appended + b.appended,
    backfilled: a.backfilled + b.backfilled,
    revised: a.revised + b.revised,
    deleted: a.deleted + b.deleted,
    unchanged: a.unchanged + b.unchanged,
  }
}

/**
 * Counts in short: `+appended/backfilled ~revised -deleted`, without `/backfilled` where there is
 * none, as `+1 ~0 -0` or `+3/2 ~1 -0`.
 */
export function formatCounts(counts: Omit<ChangeCounts, 'unchanged'>): string {
  const backfilled = counts.backfilled === 0 ? '' : `/${counts.backfilled}`
  return `+${counts.appended}${backfilled} ~${counts.revised} -${counts.deleted}`
}
