import type { Id } from '../core/id.ts'
import type { Repository } from '../plumbing/repository.ts'
import { addFiles } from '../porcelain/add-files.ts'
import { type Publication, readPublications } from './publications.ts'

export interface Replayed {
  readonly publications: number
  /** Bytes of CSV that went in. */
  readonly bytes: number
  /** One commit a publication, the first first. */
  readonly commits: readonly { readonly id: Id; readonly seconds: number }[]
}

/** How many publications there are: for the progress bar alone. */
export const PUBLICATIONS = 179

const AUTHOR = { name: 'EIA', email: 'eia@example.org' }

/** Commits each publication at the moment it was made, as `varve add --commit` does. */
export async function replay(
  repo: Repository,
  archive: URL,
  onPublication: () => void,
): Promise<Replayed> {
  const commits: { id: Id; seconds: number }[] = []
  let publications = 0
  let bytes = 0
  for (const publication of await readPublications(archive)) {
    const id = await commitPublication(repo, publication)
    if (id !== undefined) commits.push({ id, seconds: publication.seconds })
    for (const table of publication.tables.values()) bytes += table.length
    publications++
    onPublication()
  }
  return { publications, bytes, commits }
}

async function commitPublication(
  repo: Repository,
  { seconds, tables }: Publication,
): Promise<Id | undefined> {
  const signature = { ...AUTHOR, seconds, offsetMinutes: 0 }
  const files = [...tables].map(([series, table]) => ({
    series,
    input: { name: `${series}.csv`, bytes: table.length, open: () => once(table) },
  }))
  const day = new Date(seconds * 1000).toISOString().slice(0, 10)
  const { commit } = await addFiles(repo, files, {
    commit: {
      author: signature,
      committer: signature,
      message: `Publication of ${day}\n`,
      exactDate: true,
    },
  })
  return commit
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
