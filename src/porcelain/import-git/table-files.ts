import { isSeriesName } from '../../core/names.ts'
import { seriesOfFile } from '../../plumbing/file-names.ts'

/** The file that a series is made of. */
export interface TableFile {
  readonly path: string
  /** What names its content, as git's blob id does. */
  readonly oid: string
}

/** Why a file is no series, although its name says that it is a table. */
export interface Unplaced {
  readonly path: string
  readonly reason: string
}

/**
 * The tables among the files of a tree, each at the path of the series that it is. Of files that would be
 * one series (`a.csv`, `a.parquet`), and where one would be a series and others would be in a collection
 * of that name, the first in the order of their paths counts.
 */
export class TableFiles {
  readonly #prefix: string
  readonly #into: string
  /** By series, its files' contents by their paths. */
  readonly #claims: Map<string, Map<string, string>>
  /** How many claimed series are below each collection. */
  readonly #below: Map<string, number>

  /**
   * @param prefix the folder that is taken, without `/` at its end; empty for all
   * @param into the collection that all goes to, with `/` at its end; empty for none
   */
  constructor(prefix: string, into: string) {
    this.#prefix = prefix
    this.#into = into
    this.#claims = new Map()
    this.#below = new Map()
  }

  copy(): TableFiles {
    const copy = new TableFiles(this.#prefix, this.#into)
    for (const [series, files] of this.#claims) copy.#claims.set(series, new Map(files))
    for (const [folder, count] of this.#below) copy.#below.set(folder, count)
    return copy
  }

  /** The series that a file is by its name; undefined for one that is no table. */
  seriesOf(path: string): string | undefined {
    const inside =
      this.#prefix === '' || path === this.#prefix ? path : path.slice(this.#prefix.length + 1)
    const name = path === this.#prefix ? path.slice(path.lastIndexOf('/') + 1) : inside
    const series = seriesOfFile(name)
    return series === undefined ? undefined : this.#into + series
  }

  /**
   * Takes over what changed: `oid` undefined for a file that is gone. Returns the series that may be made
   * of something else now, each with its file, and those files that are no series by their names.
   */
  change(files: Iterable<{ readonly path: string; readonly oid: string | undefined }>): {
    readonly series: ReadonlyMap<string, TableFile | undefined>
    readonly unplaced: readonly Unplaced[]
  } {
    const touched = new Set<string>()
    const unplaced: Unplaced[] = []
    for (const { path, oid } of files) {
      const series = this.seriesOf(path)
      if (series === undefined) continue
      if (!isSeriesName(series)) {
        if (oid !== undefined) unplaced.push({ path, reason: 'no series can have this name' })
        continue
      }
      touched.add(series)
      if (oid === undefined) this.#release(series, path, touched)
      else this.#claim(series, path, oid, touched)
    }
    const result = new Map<string, TableFile | undefined>()
    for (const series of touched) {
      const file = this.#fileOf(series)
      result.set(series, file)
      for (const path of this.#claims.get(series)?.keys() ?? []) {
        if (path !== file?.path) unplaced.push({ path, reason: this.#obstacle(series, file) })
      }
    }
    return { series: result, unplaced }
  }

  #claim(series: string, path: string, oid: string, touched: Set<string>): void {
    let files = this.#claims.get(series)
    if (files === undefined) {
      files = new Map()
      this.#claims.set(series, files)
      this.#count(series, 1)
      this.#touchBelow(series, touched)
    }
    files.set(path, oid)
  }

  #release(series: string, path: string, touched: Set<string>): void {
    const files = this.#claims.get(series)
    if (files === undefined || !files.delete(path) || files.size > 0) return
    this.#claims.delete(series)
    this.#count(series, -1)
    this.#touchBelow(series, touched)
  }

  #fileOf(series: string): TableFile | undefined {
    if (foldersOf(series).some((folder) => this.#claims.has(folder))) return undefined
    const files = this.#claims.get(series)
    if (files === undefined) return undefined
    const path = [...files.keys()].sort()[0]!
    return { path, oid: files.get(path)! }
  }

  #obstacle(series: string, file: TableFile | undefined): string {
    if (file !== undefined) return `${file.path} is the series ${series} already`
    const folder = foldersOf(series).find((one) => this.#claims.has(one))
    return `${folder} is a series, and cannot be a collection too`
  }

  #count(series: string, by: number): void {
    for (const folder of foldersOf(series)) {
      const count = (this.#below.get(folder) ?? 0) + by
      if (count === 0) this.#below.delete(folder)
      else this.#below.set(folder, count)
    }
  }

  #touchBelow(series: string, touched: Set<string>): void {
    if (!this.#below.has(series)) return
    for (const other of this.#claims.keys()) if (other.startsWith(`${series}/`)) touched.add(other)
  }
}

/** `a`, `a/b` of `a/b/c`. */
function foldersOf(series: string): string[] {
  const parts = series.split('/')
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'))
}
