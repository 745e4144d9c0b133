import { equalBytes } from './bytes.ts'
import type { Id } from './id.ts'
import type { Versions } from './merge-columns.ts'
import type { Take } from './merge-group.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import {
  encodeSettings,
  type Json,
  NO_SETTINGS,
  readSettings,
  type Settings,
  writeSettings,
} from './settings.ts'

/** A setting that both sides changed differently; undefined where a side has none. */
export interface SettingConflict {
  readonly setting: string
  readonly values: Versions<Json | undefined>
}

/**
 * Merges settings key by key and stores the result; ours stays where `settle` says nothing, and
 * `onConflict` is told.
 */
export async function mergeSettingsOf(
  writer: ObjectWriter,
  ids: Versions<Id | undefined>,
  settle: () => Promise<Take | undefined>,
  onConflict: (conflict: SettingConflict) => Promise<void> | void,
): Promise<Id | undefined> {
  if (ids.ours === ids.theirs || ids.base === ids.theirs) return ids.ours
  if (ids.base === ids.ours) return ids.theirs
  const versions = {
    base: await settingsOf(writer, ids.base),
    ours: await settingsOf(writer, ids.ours),
    theirs: await settingsOf(writer, ids.theirs),
  }
  const merged = new Map<string, Json>()
  const keys = new Set([...versions.ours.keys(), ...versions.theirs.keys()])
  for (const setting of keys) {
    const values = {
      base: versions.base.get(setting),
      ours: versions.ours.get(setting),
      theirs: versions.theirs.get(setting),
    }
    let take: Take | undefined = 'ours'
    if (!sameSetting(values.ours, values.theirs) && !sameSetting(values.base, values.theirs)) {
      take = sameSetting(values.base, values.ours) ? 'theirs' : await settle()
      if (take === undefined) await onConflict({ setting, values })
    }
    const value = values[take ?? 'ours']
    if (value !== undefined) merged.set(setting, value)
  }
  return writeSettings(writer, merged)
}

async function settingsOf(reader: ObjectReader, id: Id | undefined): Promise<Settings> {
  return id === undefined ? NO_SETTINGS : readSettings(reader, id)
}

function sameSetting(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const bytes = (value: Json) => encodeSettings(new Map([['', value]]))
  return equalBytes(bytes(a), bytes(b))
}
