import type { LocalRepository } from './remote-session.ts'

/** What a server's owner lets others do. */
export interface ServePolicy {
  /** Nobody pushes. */
  readonly readOnly?: boolean | undefined
  /** Not even where the client forces it. */
  readonly denyNonFastForwards?: boolean | undefined
  readonly denyDeletes?: boolean | undefined
  /** The default branch, or the one that the work tree stands on, is not deleted. */
  readonly denyDeleteCurrent?: boolean | undefined
  /** The branch that a work tree stands on: `refs/heads/main`. Without one the default branch is the current one. */
  readonly current?: string | undefined
  /** A branch that a push must leave alone, as a work tree stands on it. */
  readonly checkedOut?: string | undefined
  /** Bytes that one push may bring at most; 16 GiB unless given. */
  readonly maxBytes?: number | undefined
  /** Objects that one push may bring at most; 50 million unless given. */
  readonly maxObjects?: number | undefined
}

/** Who asks, as the log names them. */
export interface Client {
  readonly name: string
  readonly email: string
}

/** A repository as others see it. */
export interface ServedRepository {
  readonly repo: LocalRepository
  readonly policy: ServePolicy
  /** Whom the log says for a push; who it is otherwise known to be is up to the carrier. */
  readonly client: Client
  /** The clock here: seconds since 1970, and minutes east of UTC. */
  readonly now: () => { readonly seconds: number; readonly offsetMinutes: number }
}
