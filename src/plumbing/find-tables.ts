import { VarveError } from '../core/errors.ts'
import { lookupPath } from '../core/tree.ts'
import { withoutFormat } from '../formats/table-formats.ts'
import { lookAtPath } from '../storage/read-file.ts'
import { openWorkTree } from '../storage/work-tree.ts'
import { seriesEndings, seriesOfFile } from './file-names.ts'
import { type FileStamp, hasIndex, readIndex } from './index-state.ts'
import type { Repository } from './repository.ts'
import { stampOf } from './series-files.ts'

/** A path as the user gave it, and made absolute. */
export interface GivenPath {
  readonly given: string
  readonly absolute: string
}

/** A table in a file, and the series that it is by its place. */
export interface FoundTable {
  /** As the user would write it. */
  readonly name: string
  readonly absolute: string
  readonly series: string
  /** Where it is in the work tree, when it is the series' own file. */
  readonly file: string | undefined
  /** How it looked when it was found; undefined where it can be read only once, as a pipe. */
  readonly stamp: FileStamp | undefined
}

export interface MissingFile {
  readonly series: string
  /** Where it should be in the work tree. */
  readonly file: string
}

export interface FoundTables {
  readonly tables: readonly FoundTable[]
  /** Series whose files should be in a folder that was named, and are not. */
  readonly missing: readonly MissingFile[]
}

/** The size of a file that can be read at any place and again; undefined for anything else. */
export function sizeOfFile(absolute: string): number | undefined {
  const found = lookAtPath(absolute)
  return found?.kind === 'file' ? found.size : undefined
}

/** `refused` where what is about to be written over is a series' own file in the work tree. */
export async function refuseSeriesFile(
  repo: Repository,
  { given, absolute }: GivenPath,
): Promise<void> {
  const file = repo.workTree?.locate(absolute)
  if (file === undefined || !hasIndex(repo)) return
  for (const [series, known] of (await readIndex(repo)).state.files) {
    if (known.file !== file || (await repo.workTree!.stat(file)) === undefined) continue
    throw new VarveError('refused', `${given} is the file of the series ${series}`, {
      data: { path: given, series },
      hint: 'give the output another name; --force writes over the file, as a change by hand would',
    })
  }
}

/**
 * The tables that paths name, each once: files as they are, of folders all files in them whose
 * ending says a format (but `.txt` and `.json`, which are taken where they are named themselves). In the work tree a
 * series has the name of its place there; a file from elsewhere has its own name, and one in a
 * folder from elsewhere its place in that folder.
 *
 * `file-not-found` where there is nothing, or no table in a folder; `refused` where a series' own
 * file is gone.
 */
export async function findTables(
  repo: Repository,
  paths: readonly GivenPath[],
): Promise<FoundTables> {
  const found = new Map<string, FoundTable>()
  const missing: MissingFile[] = []
  for (const path of paths) {
    const inTree = repo.workTree?.locate(path.absolute)
    const at = lookAtPath(path.absolute)
    if (at === undefined) throw await notThere(repo, path, inTree)
    if (at.kind === 'folder') {
      for (const table of await tablesIn(repo, path, inTree)) found.set(table.absolute, table)
      if (inTree !== undefined) missing.push(...(await missingIn(repo, inTree)))
      continue
    }
    const own = inTree === undefined ? undefined : seriesOfFile(inTree)
    const series = own ?? withoutEnding(inTree ?? baseName(path.absolute))
    found.set(path.absolute, {
      name: path.given,
      absolute: path.absolute,
      series,
      file: own === undefined ? undefined : inTree,
      stamp: at.kind === 'file' ? stampOf(at) : undefined,
    })
  }
  const tables = [...found.values()]
  const series = new Set(tables.map((table) => table.series))
  return { tables, missing: missing.filter((file) => !series.has(file.series)) }
}

async function tablesIn(
  repo: Repository,
  { given, absolute }: GivenPath,
  inTree: string | undefined,
): Promise<FoundTable[]> {
  const tree = inTree === undefined ? openWorkTree(absolute, absolute) : repo.workTree!
  const tables: FoundTable[] = []
  for await (const { path, stat } of tree.list(inTree)) {
    const series = seriesOfFile(path)
    if (series === undefined) continue
    const below = inTree ? path.slice(inTree.length + 1) : path
    tables.push({
      name: given === '.' ? below : `${given.replace(/[/\\]+$/, '')}/${below}`,
      absolute: tree.resolve(path),
      series,
      file: inTree === undefined ? undefined : path,
      stamp: stampOf(stat),
    })
  }
  if (tables.length > 0) return tables
  throw new VarveError('file-not-found', `there are no tables in ${given}`, {
    data: { path: given },
    hint: `a file in a folder is one by its ending: ${seriesEndings.map((name) => `.${name}`).join(' ')}`,
  })
}

async function missingIn(repo: Repository, folder: string): Promise<MissingFile[]> {
  if (!hasIndex(repo)) return []
  const missing: MissingFile[] = []
  for (const [series, { file }] of (await readIndex(repo)).state.files) {
    if (folder !== '' && !file.startsWith(`${folder}/`)) continue
    if ((await repo.workTree!.stat(file)) === undefined) missing.push({ series, file })
  }
  return missing
}

async function notThere(
  repo: Repository,
  { given }: GivenPath,
  inTree: string | undefined,
): Promise<VarveError> {
  const series = inTree === undefined ? undefined : seriesOfFile(inTree)
  if (series !== undefined && hasIndex(repo)) {
    const { state } = await readIndex(repo)
    const entry = await lookupPath(repo.objects, state.tree, series)
    if (entry?.kind === 'series' && state.files.has(series)) {
      return new VarveError('refused', `${given} is gone: adding it would remove ${series}`, {
        data: { path: given, series },
        hint: `varve rm ${series} removes the series, varve restore ${given} brings the file back`,
      })
    }
  }
  const meant = inTree ? await withEnding(repo, inTree) : undefined
  return new VarveError('file-not-found', `there is no file ${given}`, {
    data: { path: given },
    ...(meant !== undefined && { hint: `did you mean ${given}${meant.slice(inTree!.length)}?` }),
  })
}

/** The file in the work tree that is called so but for its ending. */
async function withEnding(repo: Repository, path: string): Promise<string | undefined> {
  for (const ending of seriesEndings) {
    const file = `${path}.${ending}`
    if ((await repo.workTree!.stat(file)) !== undefined) return file
  }
  return undefined
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/** A path without the endings of its last part; what begins with a dot is a name. */
function withoutEnding(path: string): string {
  const plain = withoutFormat(path)
  if (plain !== path && plain !== '' && !plain.endsWith('/')) return plain
  return path.replace(/(?<=[^/])\.[^./]*$/, '')
}
