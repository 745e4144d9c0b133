import type { Id } from '../core/id.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { RefLog } from '../storage/ref-log.ts'
import type { Storage } from '../storage/storage.ts'

/** What a session needs of the repository on this side: a `Repository` is one. */
export interface LocalRepository {
  readonly storage: Storage
  readonly objects: ObjectStore
  readonly refs: RefLog
}

/** The refs of a remote, as one state of its log. */
export interface RemoteRefs {
  /** Sorted by name: `refs/heads/…`, `refs/tags/…`, and whatever else begins with `refs/`. Not HEAD. */
  readonly refs: readonly RemoteRef[]
  /** The default branch, as `refs/heads/main`; it need not exist. */
  readonly head: string
  /** Commits there whose parents are left out. */
  readonly shallow: readonly Id[]
  /** Stands for all of the above: to be remembered, and given to `list` as {@link KnownRefs}. At most 64 hex digits. */
  readonly token: string
  /** What the other side can do beside what all can; empty where it said only that nothing has moved. */
  readonly capabilities: ReadonlySet<string>
}

export interface RemoteRef {
  readonly name: string
  readonly id: Id
  /** What an annotated tag leads to at last. */
  readonly peeled?: Id | undefined
}

/** What this side remembers of the last listing: where nothing has moved since, it is not sent again. */
export type KnownRefs = Pick<RemoteRefs, 'refs' | 'head' | 'shallow' | 'token'>

/** How far a transfer has come. */
export interface TransferProgress {
  /** `find`: what is missing is looked for; `move`: objects move; `verify`: what came is looked through. */
  readonly phase: 'find' | 'move' | 'verify'
  readonly objects: number
  /** Undefined until it is known. */
  readonly totalObjects?: number | undefined
  /** Of the objects, as they move. */
  readonly bytes: number
}

interface TransferOptions {
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** The clock: seconds since 1970. Commits dated more than a day after it are refused. */
  readonly now: number
}

export interface FetchRequest extends TransferOptions {
  /** Ids of refs of the listing, or of what they lead to. */
  readonly wants: readonly Id[]
  /** Commits that are here with all that they lead to: the tips of refs. Their history is walked as far as is needed. */
  readonly haves: Iterable<Id>
  /** How many commits of each line of history, from 1; all unless given. */
  readonly depth?: number | undefined
}

/**
 * What a fetch has brought: verified whole, and in packs that the ref log does not name yet. A transaction that sets
 * refs to it takes `packs`, `since` and `shallow` as they are.
 */
export interface Received {
  readonly packs: readonly string[]
  /** As `Transaction.since`. */
  readonly since: number
  /** Undefined where nothing of it changes. */
  readonly shallow: { readonly added: readonly Id[]; readonly removed: readonly Id[] } | undefined
  /** Objects that moved, and those among them that an earlier attempt had brought. */
  readonly objects: number
  readonly resumed: number
  /** Of frames, both directions, in all exchanges of this fetch. */
  readonly bytes: number
}

export interface PushUpdate {
  /** Whole, on the other side: `refs/heads/main`. */
  readonly ref: string
  /** What it is there, as listed; undefined where it must not exist. */
  readonly old: Id | undefined
  /** What it becomes; undefined deletes it. */
  readonly new: Id | undefined
  /** Also where `new` does not follow `old`. */
  readonly force?: boolean | undefined
}

export interface PushRequest extends TransferOptions {
  readonly updates: readonly PushUpdate[]
  /** All updates or none. */
  readonly atomic?: boolean | undefined
  /** What the other side writes into its log beside who and when: `push` unless given. */
  readonly message?: string | undefined
  /** Of the transaction; the same one again where an answer was lost. A random one unless given. */
  readonly uuid?: string | undefined
  /** The listing that the updates were made from; listed again unless given. */
  readonly remote?: RemoteRefs | undefined
}

/** What became of one update. */
export interface PushOutcome {
  readonly ref: string
  readonly old: Id | undefined
  readonly new: Id | undefined
  /**
   * `ok`; `moved`: the ref is not what `old` says; `not-forward`: `new` does not follow it and nobody forced it; `denied`:
   * the other side's rules; `not-done`: another one of the same atomic push failed.
   */
  readonly status: 'ok' | 'moved' | 'not-forward' | 'denied' | 'not-done'
  /** Why, as the other side says it. */
  readonly reason?: string | undefined
}

export interface PushResult {
  readonly outcomes: readonly PushOutcome[]
  readonly objects: number
  /** Of frames, both directions, in all exchanges of this push. */
  readonly bytes: number
}

/**
 * A conversation with another repository. Errors of the other side come as `VarveError`s with its code, and say so;
 * what breaks the protocol is `bad-peer`, a connection that ends too early `disconnected`.
 */
export interface RemoteSession {
  readonly location: string
  /** @param known what is remembered of an earlier listing: it comes back where nothing has moved */
  list(options?: {
    readonly known?: KnownRefs | undefined
    readonly service?: 'upload-pack' | 'receive-pack' | undefined
    readonly signal?: AbortSignal | undefined
  }): Promise<RemoteRefs>
  /**
   * Brings what `wants` lead to and is not here: verified whole (ids, that nothing is missing, canonical form, dates) before
   * it returns; where it fails nothing counts. What a broken one brought is not asked for again by the next.
   */
  fetch(request: FetchRequest): Promise<Received>
  /** Sends what is missing there and moves refs, in one exchange. What is refused is an outcome, not an error. */
  push(request: PushRequest): Promise<PushResult>
  close(): Promise<void>
}
