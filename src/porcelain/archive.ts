import { compareBytes, textToBytes } from '../core/bytes.ts'
import { readCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { SchemaJson } from '../core/schema-codec.ts'
import { schemaToJson } from '../core/schema-codec.ts'
import { readSeries } from '../core/series.ts'
import { readRows } from '../core/series-read.ts'
import { zoneOf } from '../core/settings.ts'
import { formatSeconds } from '../core/time.ts'
import { lookupPath, settingsFor, walkTree } from '../core/tree.ts'
import { KeptBytes } from '../formats/csv/kept-bytes.ts'
import type { TableFormatName } from '../formats/table.ts'
import { openFormat } from '../formats/table-formats.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveObjectName } from '../plumbing/resolve-object-name.ts'
import { peelObject, type ResolveOptions } from '../plumbing/resolve-revision.ts'
import { temporarySpill } from '../plumbing/series-files.ts'
import { type ArchiveMember, packMembers } from './archive-tar.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { selectSeries } from './select-series.ts'

/** How the members of an archive are put together. */
export const archiveFormats = ['tar', 'tar.gz', 'tar.zst'] as const
export type ArchiveFormat = (typeof archiveFormats)[number]

/** The endings of the files in an archive, by the format that their tables have. */
export const archivedTables: ReadonlyMap<string, { format: TableFormatName; ending: string }> =
  new Map([
    ['csv', { format: 'csv', ending: '.csv' }],
    ['parquet', { format: 'parquet', ending: '.parquet' }],
    ['arrow', { format: 'arrow-file', ending: '.arrow' }],
    ['ndjson', { format: 'ndjson', ending: '.ndjson' }],
  ])

export interface ArchiveOptions extends ResolveOptions {
  /** A revision, or `REV:COLLECTION` for what is in that. */
  readonly rev: string
  /** `tar` unless told. */
  readonly format?: ArchiveFormat | undefined
  /** How each table is written, a key of `archivedTables`: `csv` unless told. */
  readonly as?: string | undefined
  /** What every name in the archive begins with, such as `prices-1.0/`. */
  readonly prefix?: string | undefined
  /** Series, and collections with all that is in them; all where there are none. */
  readonly series?: readonly string[] | undefined
  /** Told of each series that is written. */
  readonly onSeries?: ((path: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A series as `varve-archive.json` describes it. */
export interface ArchivedSeries extends SchemaJson {
  readonly name: string
  /** Where it is in the archive, from the folder that `varve-archive.json` is in. */
  readonly file: string
  readonly id: Id
  readonly rows: number
  readonly zone?: string
}

/** What `varve-archive.json` says. */
export interface ArchiveContents {
  readonly varve: 1
  /** Absent where the revision is a tree. */
  readonly commit?: Id
  /** The committer's date of the commit. */
  readonly date?: string
  readonly message?: string
  readonly tree: Id
  readonly format: string
  readonly series: readonly ArchivedSeries[]
}

export interface ArchiveResult {
  readonly contents: ArchiveContents
  /** The archive, once. */
  bytes(): AsyncGenerator<Uint8Array, void, void>
}

/** The member that says what is in an archive. It comes first. */
export const CONTENTS_NAME = 'varve-archive.json'

/**
 * A snapshot of series that can be opened without varve: one table a series, and what describes
 * them. The same commit gives the same bytes, as far as the format of the tables does. Members are
 * in the order of their names; a table is set aside until its size is known, on disk where it is
 * large.
 *
 * `series-not-found` for a series that is not in the revision; `refused` where two series cannot be
 * files beside each other.
 */
export async function archive(repo: Repository, options: ArchiveOptions): Promise<ArchiveResult> {
  const { format = 'tar', as = 'csv', prefix = '', signal } = options
  const tables = archivedTables.get(as)
  if (tables === undefined) {
    throw new VarveError('usage', `an archive has no tables as ${JSON.stringify(as)}`, {
      data: { found: as, expected: [...archivedTables.keys()] },
    })
  }
  checkPrefix(prefix)
  const writer = await openFormat(tables.format)
  const from = await resolveArchived(repo, options)
  const series = await listArchived(repo, from, tables.ending, options)
  const contents: ArchiveContents = {
    varve: 1,
    ...(from.commit !== undefined && {
      commit: from.commit.id,
      date: `${formatSeconds(BigInt(from.commit.seconds))}Z`,
      message: from.commit.message,
    }),
    tree: from.tree,
    format: as,
    series,
  }
  const members = async function* (): AsyncGenerator<ArchiveMember, void, void> {
    const text = textToBytes(`${JSON.stringify(contents, null, 2)}\n`)
    yield { name: prefix + CONTENTS_NAME, size: text.length, bytes: [text] }
    for (const { name, file, id, zone } of series) {
      options.onSeries?.(name)
      const kept = new KeptBytes(KEPT_IN_MEMORY, temporarySpill())
      try {
        const stored = await readSeries(repo.objects, id)
        const rows = readRows(repo.objects, stored)
        let size = 0
        for await (const piece of writer.write(stored.schema, rows, { zone })) {
          throwIfInterrupted(signal)
          await kept.add(piece)
          size += piece.length
        }
        yield { name: prefix + file, size, bytes: kept.read() }
      } finally {
        await kept.discard()
      }
    }
  }
  // Before 1970 tar has no times.
  const seconds = Math.max(0, from.commit?.seconds ?? 0)
  return { contents, bytes: () => packMembers(members(), { format, seconds }) }
}

/** Of a table, bytes that wait in memory until its size is known. */
const KEPT_IN_MEMORY = 8 * 1024 * 1024

interface Archived {
  /** The tree that the files are named from. */
  readonly tree: Id
  /** The whole tree, and where the other one is in it: settings come from all collections above. */
  readonly root: Id
  readonly base: string
  readonly commit?: { readonly id: Id; readonly seconds: number; readonly message: string }
}

async function resolveArchived(
  repo: Repository,
  { rev, ...options }: ArchiveOptions,
): Promise<Archived> {
  const found = await resolveObjectName(repo, rev, options)
  if (found.kind === 'series') {
    throw new VarveError('usage', `${rev} is a series: an archive is of a revision`, {
      data: { revision: rev },
      hint: `varve archive ${rev.replace(':', ' ')}`,
    })
  }
  const inside = found.path !== undefined
  const start = inside ? found.commit : await peelObject(repo, found.id, 'any', rev)
  const tree = await peelObject(repo, found.id, 'tree', rev)
  const base = found.path?.replace(/\/$/, '') ?? ''
  const root = inside ? found.tree! : tree
  if (start === undefined || start === tree) return { tree, root, base }
  const { committer, message } = await readCommit(repo.objects, start)
  return { tree, root, base, commit: { id: start, seconds: committer.seconds, message } }
}

async function listArchived(
  repo: Repository,
  { tree, root, base }: Archived,
  ending: string,
  { rev, series: words = [] }: ArchiveOptions,
): Promise<ArchivedSeries[]> {
  const paths: string[] = []
  if (words.length > 0) paths.push(...(await selectSeries(repo, [tree], words, rev)))
  else for await (const { path } of walkTree(repo.objects, tree)) paths.push(path)
  const listed: ArchivedSeries[] = []
  for (const path of paths) {
    const { id } = (await lookupPath(repo.objects, tree, path))!
    const { schema, rows } = await readSeries(repo.objects, id)
    const whole = base === '' ? path : `${base}/${path}`
    const zone = zoneOf(await settingsFor(repo.objects, root, whole))
    const said = zone === undefined ? {} : { zone }
    listed.push({ name: path, file: path + ending, id, rows, ...schemaToJson(schema), ...said })
  }
  // By raw bytes: localeCompare would vary the archive by machine.
  const bytes = new Map(listed.map(({ file }) => [file, textToBytes(file)]))
  listed.sort((a, b) => compareBytes(bytes.get(a.file)!, bytes.get(b.file)!))
  refuseFilesAsFolders(listed)
  return listed
}

/** `refused` where a series `a` and a collection `a.csv/` would both be `a.csv`. */
function refuseFilesAsFolders(series: readonly ArchivedSeries[]): void {
  const files = new Map(series.map(({ file, name }) => [file, name]))
  for (const { file, name } of series) {
    for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) {
      const other = files.get(file.slice(0, at))
      if (other === undefined) continue
      throw new VarveError('refused', `${other} and ${name} cannot be files beside each other`, {
        data: { series: [other, name], file: file.slice(0, at) },
        hint: 'make archives of each, or with tables in another format: --as',
      })
    }
  }
}

/** `usage` for a prefix that leads out of the folder that an archive is unpacked in. */
function checkPrefix(prefix: string): void {
  const parts = prefix.split(/[/\\]/)
  if (!prefix.startsWith('/') && !parts.includes('..') && !/\p{Cc}/u.test(prefix)) return
  throw new VarveError('usage', `not a prefix: ${JSON.stringify(prefix)}`, {
    data: { prefix },
    hint: 'a prefix is a folder inside the archive: --prefix prices/',
  })
}
