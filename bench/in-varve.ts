import { join } from 'node:path'
import {
  type Frame,
  framesTable,
  type OpenedRepository,
  type OpenRepositoryOptions,
  openRepository,
  readSeriesRows,
  type Schema,
  type Source,
  type WriteMode,
  writeSeries,
} from '../src/index.ts'

// varve as a program in JavaScript uses it: by its library.

/** A repository without a work tree in a folder; made where there is none. */
export function openIn(
  folder: string,
  options: Pick<OpenRepositoryOptions, 'now' | 'config'> = {},
): Promise<OpenedRepository> {
  return openRepository(join(folder, 'bench.varve'), {
    create: true,
    author: { name: 'Ada', email: 'ada@example.org' },
    ...options,
  })
}

/** Rows to a series, committed; the series is made where it is not there. */
export async function writeFrames(
  repo: OpenedRepository,
  series: string,
  schema: Schema,
  frames: Source<Frame>,
  mode?: WriteMode,
): Promise<void> {
  await writeSeries(repo, {
    series,
    create: true,
    input: framesTable(schema, frames),
    commit: repo.signed('rows'),
    mode,
    ...(schema.duplicates && { duplicates: true }),
  })
}

/** Takes all rows of a range, frame after frame, and returns how many there were. */
export async function drainSeries(
  repo: OpenedRepository,
  name: string,
  range: { offset?: number; limit?: number; tail?: number; from?: string; to?: string } = {},
): Promise<number> {
  const found = await readSeriesRows(repo, { name, ...range })
  let rows = 0
  for await (const frame of found.frames()) rows += frame.rows
  return rows
}
