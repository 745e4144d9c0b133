import type { LocalRepository, RemoteSession } from '../transport/remote-session.ts'

export type {
  KnownRefs,
  LocalRepository,
  PushOutcome,
  PushUpdate,
  Received,
  RemoteRef,
  RemoteRefs,
  RemoteSession,
  TransferProgress,
} from '../transport/remote-session.ts'

export { parseRemoteUrl, redactUrl, shownUrl } from '../transport/remote-url.ts'

/** Which repository is meant, and how it is spoken to. */
export interface RemotePlace {
  /** As the user or configuration has it: a URL, a path, or the file of a bundle. */
  readonly url: string
  /** Whether configuration has it: a relative path begins at the repository then, not where the user is. */
  readonly configured: boolean
  /** Commands there in place of `upload-pack` and `receive-pack`. */
  readonly uploadPack?: string | undefined
  readonly receivePack?: string | undefined
}

/**
 * Begins a conversation between a repository here and another one. The caller of an operation gives it, as it
 * decides what may be reached: paths, programs, the net.
 */
export type Connect = (repo: LocalRepository, place: RemotePlace) => Promise<RemoteSession>
