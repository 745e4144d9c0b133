import { lastSecondOf } from '../core/commit-date.ts'
import type { Period } from '../core/period.ts'
import { readSeries, type Series } from '../core/series.ts'
import { openZoneUnlessUtc, type Zone } from '../core/zone.ts'
import type { Repository } from '../plumbing/repository.ts'
import {
  type CommittedSeries,
  resolveCommittedSeries,
} from '../plumbing/resolve-committed-series.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import { type SeriesVersion, seriesVersions } from '../plumbing/series-versions.ts'
import { zoneNameAt } from '../plumbing/series-zone.ts'

export interface LoadVersionsOptions extends SeriesName {
  /** The zone of bounds and of what is shown; the series' own unless given. */
  readonly zone?: string | undefined
}

/** A series as it was known from one second to another. */
export interface LoadedVersion extends SeriesVersion {
  /** From when it was known, since 1970. */
  readonly seconds: number
}

export interface LoadedVersions {
  readonly found: CommittedSeries
  readonly newest: Series
  /** All that it was, the oldest first. */
  readonly steps: readonly LoadedVersion[]
  /** Those of them that were known for a second or more; each is known until the next one is. */
  readonly versions: readonly LoadedVersion[]
  readonly zone: string | undefined
  readonly clock: Zone | undefined
}

/**
 * The versions of a series along first parents, as `--as-of` finds them: of commits in one second the
 * last one counts.
 */
export async function loadVersions(
  repo: Repository,
  options: LoadVersionsOptions,
): Promise<LoadedVersions> {
  const found = await resolveCommittedSeries(repo, options)
  const newest = await readSeries(repo.objects, found.entry.id)
  const zone = options.zone ?? (await zoneNameAt(repo.objects, found.commit.tree, found.path))
  const { versions: all } = await seriesVersions(repo, found)
  const steps = all.map((version) => ({ ...version, seconds: version.commit.committer.seconds }))
  const versions: LoadedVersion[] = []
  for (const step of steps.toReversed()) {
    const later = versions.at(-1)
    if (later === undefined || step.seconds < later.seconds) versions.push(step)
  }
  return {
    found,
    newest,
    steps,
    versions: versions.reverse(),
    zone,
    clock: await openZoneUnlessUtc(zone),
  }
}

/** The last second of a time that is asked for; that of no time lies after all others. */
export function secondsUntil(when: Period | undefined): number {
  return when === undefined ? Number.POSITIVE_INFINITY : lastSecondOf(when)
}
