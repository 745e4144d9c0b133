import type { Reading } from '../formats/table.ts'

/** How a file in the work tree is written down, where that is not as usual. */
export type KeptReading = Omit<Reading, 'onNotice'>

/** What the index has of it: as JSON, `rename` as pairs. */
export type ReadingJson = Readonly<Record<string, unknown>>

/** What of a reading is worth remembering; undefined where all is as usual. */
export function keptReading(reading: Reading | undefined): KeptReading | undefined {
  const { onNotice: _, ...kept } = reading ?? {}
  const said = Object.entries(kept).filter(([, value]) => value !== undefined)
  return said.length === 0 ? undefined : (Object.fromEntries(said) as KeptReading)
}

/** Whether two readings say the same. */
export function sameReading(a: KeptReading | undefined, b: KeptReading | undefined): boolean {
  const text = (reading: KeptReading | undefined) =>
    reading === undefined ? '' : JSON.stringify(sorted(readingToJson(reading)))
  return text(a) === text(b)
}

export function readingToJson({ rename, ...rest }: KeptReading): ReadingJson {
  return rename === undefined ? rest : { ...rest, rename: [...rename] }
}

/** Reads what {@link readingToJson} made. */
export function readingFromJson({ rename, ...rest }: ReadingJson): KeptReading {
  const reading = rest as KeptReading
  if (rename === undefined) return reading
  return { ...reading, rename: new Map(rename as readonly [string, string][]) }
}

function sorted(json: ReadingJson): readonly (readonly [string, unknown])[] {
  return Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))
}
