import { hasCode } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import { readSettings, writeSettings, zoneOf } from '../core/settings.ts'
import { settingsFor, walkTree } from '../core/tree.ts'
import { openZone } from '../core/zone.ts'
import type { InputTable } from '../formats/table.ts'
import { readAs } from '../formats/table-formats.ts'

/**
 * A table for the series at a path, read in the zone that the settings there name unless it says
 * another.
 */
export async function inSeriesZone(
  reader: ObjectReader,
  tree: Id,
  path: string,
  input: InputTable,
): Promise<InputTable> {
  if (input.reading?.zone !== undefined) return input
  const zone = zoneOf(await settingsFor(reader, tree, path))
  return zone === undefined ? input : readAs(input, { zone })
}

/**
 * As {@link inSeriesZone} for a table of many series in a collection: where that names no zone, the
 * one that all series in it name.
 */
export async function inCollectionZone(
  reader: ObjectReader,
  tree: Id,
  collection: string,
  input: InputTable,
): Promise<InputTable> {
  const mixed = readAs(input, { mixed: true })
  if (mixed.reading?.zone !== undefined) return mixed
  let zone = zoneOf(await settingsFor(reader, tree, collection))
  if (zone === undefined) {
    const ids = new Set<Id | undefined>()
    for await (const { entry } of walkTree(reader, tree, `${collection}/`)) ids.add(entry.settings)
    const [id] = ids
    if (ids.size === 1 && id !== undefined) zone = zoneOf(await readSettings(reader, id))
  }
  return zone === undefined ? mixed : readAs(mixed, { zone })
}

/**
 * The zone that a new series gets as its own setting: what was said of its first table, else what
 * the table says itself; undefined where that is UTC or nothing, or holds there already.
 */
export async function zoneForNew(
  reader: ObjectReader,
  tree: Id,
  path: string,
  said: string | undefined,
  own: string | undefined,
): Promise<string | undefined> {
  const zone =
    said === undefined ? await tableZone(own) : await openZone(said).then(({ name }) => name)
  return zone === zoneOf(await settingsFor(reader, tree, path)) ? undefined : zone
}

/** The zone that a table names, where it is one that is known and not UTC. */
async function tableZone(name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined
  try {
    const zone = await openZone(name)
    return zone.name === 'UTC' ? undefined : zone.name
  } catch (error) {
    // The values are instants, whatever the table calls their zone.
    if (hasCode(error, 'usage')) return undefined
    throw error
  }
}

/** The settings of a series that begins with a zone; undefined where it has none of its own. */
export async function settingsOfNew(
  writer: ObjectWriter,
  zone: string | undefined,
): Promise<Id | undefined> {
  return zone === undefined ? undefined : writeSettings(writer, new Map([['zone', zone]]))
}
