import { createHash } from 'node:crypto'
import type { LogState } from '../storage/log-state.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { CAPABILITIES, listingFrames } from './answers.ts'
import { peelToCommit } from './commit-graph.ts'
import type { RemoteRef, RemoteRefs } from './remote-session.ts'

/** Bytes of SHA-256 that stand for a listing. */
const TOKEN_BYTES = 16

/** Refs that are this repository's own view of others: nobody else's concern. */
const PRIVATE = 'refs/remotes/'

/** What others are told of the refs of one state, and the frames that say so, but for the token. */
export async function listingOf(
  objects: ObjectStore,
  state: LogState,
): Promise<RemoteRefs & { readonly frames: readonly Uint8Array[] }> {
  const refs: RemoteRef[] = []
  for (const [name, id] of [...state.refs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name.startsWith(PRIVATE)) continue
    const peeled = name.startsWith('refs/tags/') ? await peelToCommit(objects, id) : undefined
    refs.push(peeled === undefined || peeled === id ? { name, id } : { name, id, peeled })
  }
  const shallow = [...state.shallow].sort()
  const listing = { refs, head: state.head, shallow, capabilities: new Set(CAPABILITIES) }
  const frames = listingFrames(listing)
  const hash = createHash('sha256')
  for (const frame of frames) hash.update(frame)
  const token = hash.digest().subarray(0, TOKEN_BYTES).toString('hex')
  return { ...listing, token, frames }
}
