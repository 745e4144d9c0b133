import type { Id } from '../core/id.ts'

/** The hooks that varve runs: git's names. */
export const hookNames = [
  'pre-commit',
  'post-commit',
  'pre-merge-commit',
  'post-merge',
  'pre-push',
] as const
export type HookName = (typeof hookNames)[number]

export interface HookRequest {
  readonly args?: readonly string[]
  /** What it reads on standard input; nothing unless given. */
  readonly stdin?: string
}

/**
 * Runs the user's hook of a name and waits for it; does nothing where there is none. `refused`, with
 * its exit code, where it ends with an error. `Context.hook` is one; tests bring their own.
 */
export type RunHook = (name: HookName, request?: HookRequest) => Promise<void>

/** A ref that is about to be pushed, by full names. */
export interface PushedRef {
  /** What is pushed; undefined to delete the ref there. */
  readonly local: { readonly ref: string; readonly id: Id } | undefined
  /** What is there; `id` undefined where the ref is new there. */
  readonly remote: { readonly ref: string; readonly id: Id | undefined }
}

export interface Push {
  /** The remote's name; its URL where it has none. */
  readonly remote: string
  readonly url: string
  readonly refs: readonly PushedRef[]
}

/** What stands for no commit, as long as an id. */
const ZERO_ID = '0'.repeat(64)

/**
 * Asks the user's `pre-push` hook, as git does: with the remote's name and URL as arguments, and on
 * standard input a line for each ref,
 *
 *     LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID
 *
 * where a ref that is deleted has `(delete)` and zeros as its local side, and one that is new there
 * has zeros as its remote id. To be called when what is there is known and before anything is sent.
 *
 * @param run `context.hook`; undefined for `--no-verify`
 * @throws `refused` where the hook says no: then nothing may be pushed
 */
export async function askPrePush(run: RunHook | undefined, push: Push): Promise<void> {
  const lines = push.refs.map(({ local, remote }) => {
    const ours = local === undefined ? `(delete) ${ZERO_ID}` : `${local.ref} ${local.id}`
    return `${ours} ${remote.ref} ${remote.id ?? ZERO_ID}\n`
  })
  await run?.('pre-push', { args: [push.remote, push.url], stdin: lines.join('') })
}
