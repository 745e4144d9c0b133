import { hasCode } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { zoneOf } from '../core/settings.ts'
import { settingsFor } from '../core/tree.ts'
import { openZoneUnlessUtc, type Zone } from '../core/zone.ts'

/** The name of the zone that the times of a series are in, by its settings in a tree. */
export async function zoneNameAt(
  reader: ObjectReader,
  tree: Id | undefined,
  path: string,
): Promise<string | undefined> {
  return tree === undefined ? undefined : zoneOf(await settingsFor(reader, tree, path))
}

/**
 * The zone that keys of a series are shown in; undefined for UTC. Where this machine does not know
 * the zone they are shown in UTC, too, as they then say themselves.
 */
export async function shownZone(
  reader: ObjectReader,
  tree: Id | undefined,
  path: string,
): Promise<Zone | undefined> {
  try {
    return await openZoneUnlessUtc(await zoneNameAt(reader, tree, path))
  } catch (error) {
    if (!hasCode(error, 'usage')) throw error
    return undefined
  }
}
