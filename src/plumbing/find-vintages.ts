import { VarveError } from '../core/errors.ts'
import { lookAtPath } from '../storage/read-file.ts'
import { openWorkTree } from '../storage/work-tree.ts'
import { seriesEndings, seriesOfFile } from './file-names.ts'
import type { GivenPath } from './find-tables.ts'

/** A table somewhere in a folder of publications. */
export interface VintageFile {
  /** Its path in the folder. */
  readonly path: string
  /** As the user would write it. */
  readonly name: string
  readonly absolute: string
  readonly bytes: number
  /** When it was last modified, in nanoseconds since 1970. */
  readonly modifiedNs: bigint
}

/** The tables in a folder and the folders in it. `file-not-found` where there are none. */
export async function findVintages({ given, absolute }: GivenPath): Promise<VintageFile[]> {
  if (lookAtPath(absolute)?.kind !== 'folder') {
    throw new VarveError('file-not-found', `there is no folder ${given}`, { data: { path: given } })
  }
  const tree = openWorkTree(absolute, absolute)
  const files: VintageFile[] = []
  for await (const { path, stat } of tree.list()) {
    if (seriesOfFile(path) === undefined) continue
    files.push({
      path,
      name: `${given.replace(/(?<=.)[/\\]+$/, '')}/${path}`,
      absolute: tree.resolve(path),
      bytes: stat.size,
      modifiedNs: stat.mtimeNs,
    })
  }
  if (files.length > 0) return files
  throw new VarveError('file-not-found', `there are no tables in ${given}`, {
    data: { path: given },
    hint: `a file is one by its ending: ${seriesEndings.map((name) => `.${name}`).join(' ')}`,
  })
}
