import { badInput } from '../../formats/bad-input.ts'
import type { InputTable, Reading } from '../../formats/table.ts'
import type { GitObjects } from '../../plumbing/git/git-objects.ts'
import { type SpooledInput, spoolInput } from '../spool-input.ts'
import type { TableFile } from './table-files.ts'

/** A file up to this size is held in memory while it is read; a larger one is set aside on disk. */
const HELD_BYTES = 32 * 1024 * 1024

/** What Git LFS puts in the place of a file. */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/'

/** A table in a git repository, to be read as often and wherever one likes. */
export async function openGitTable(
  objects: GitObjects,
  { path, oid }: TableFile,
  reading: Reading,
): Promise<SpooledInput> {
  const { size, pieces } = await objects.blob(oid)
  const table = { name: path, bytes: size, reading }
  if (size > HELD_BYTES) return spoolInput({ ...table, once: true, open: () => pieces })
  const held: Uint8Array[] = []
  for await (const piece of pieces) held.push(piece)
  const bytes = Buffer.concat(held)
  if (bytes.subarray(0, 200).toString('latin1').startsWith(LFS_POINTER)) {
    throw badInput({
      file: path,
      place: { line: 1, column: 1 },
      found: 'what Git LFS puts in its place',
      expected: 'the table itself',
      hint: 'the file is not in the git repository',
    })
  }
  return { ...inMemory(table, bytes), discard: async () => undefined }
}

function inMemory(table: Omit<InputTable, 'open'>, bytes: Buffer): InputTable {
  return {
    ...table,
    async *open() {
      yield bytes
    },
    range: async (from, to) => bytes.subarray(from, to),
  }
}
