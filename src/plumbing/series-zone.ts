import { hasCode } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { zoneOf } from '../core/settings.ts'
import { lookupPath, settingsFor } from '../core/tree.ts'
import { openZoneUnlessUtc, type Zone } from '../core/zone.ts'

/** The name of the zone that the times of a series are in, by its settings in a tree. */
export async function zoneNameAt(
  reader: ObjectReader,
  tree: Id | undefined,
  path: string,
): Promise<string | undefined> {
  return tree === undefined ? undefined : zoneOf(await settingsFor(reader, tree, path))
}

/** The zone that bounds on a series are in; undefined for UTC. `usage` where it is not known. */
export async function zoneAt(
  reader: ObjectReader,
  tree: Id | undefined,
  path: string,
): Promise<Zone | undefined> {
  return openZoneUnlessUtc(await zoneNameAt(reader, tree, path))
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
  return openShown(await zoneNameAt(reader, tree, path))
}

/** As {@link shownZone}, by the zone's name. */
export async function openShown(name: string | undefined): Promise<Zone | undefined> {
  try {
    return await openZoneUnlessUtc(name)
  } catch (error) {
    if (!hasCode(error, 'usage')) throw error
    return undefined
  }
}

/** The zone of a series in the newer of two trees, or where it is not there in the other. */
export async function zoneOfEither(
  reader: ObjectReader,
  [next, old]: readonly [Id | undefined, Id | undefined],
  path: string,
): Promise<Zone | undefined> {
  const isThere = next !== undefined && (await lookupPath(reader, next, path)) !== undefined
  return shownZone(reader, isThere ? next : old, path)
}
