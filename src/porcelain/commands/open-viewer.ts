import { setTimeout } from 'node:timers/promises'
import type { Context } from '../../cli/context.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { openView } from '../tui/repository-view.ts'
import { browse } from '../tui/session.ts'
import type { CommitFilter } from '../tui/view-data.ts'

export interface ViewerWords {
  /** Revisions, then series. */
  readonly revision: readonly string[]
  /** Series alone. */
  readonly series: readonly string[]
}

/** Lets the user browse the repository on the whole terminal, until they leave. */
export async function openViewer(
  context: Context,
  words: ViewerWords,
  narrowing: CommitFilter = {},
): Promise<void> {
  const repo = await context.repository()
  const config = await context.config()
  const data = openView(repo, {
    title: titleOf(repo.storage.location, words),
    words: words.revision,
    clock: () => context.clock(),
    identity: (role) => context.identity(role),
    logIdentity: () => logIdentity(context),
    filesLimit: config.number('checkout.filesLimit'),
    wait: (milliseconds, signal) =>
      setTimeout(milliseconds, undefined, { signal }).catch(() => undefined),
  })
  await context.fullScreen((surface) =>
    browse({
      data,
      surface,
      look: { colour: surface.colour, unicode: surface.unicode },
      filter: { ...narrowing, series: words.series.length === 0 ? undefined : words.series },
      now: () => context.clock().seconds,
      signal: context.abort,
      loadDrawing: async () => (await import('../tui/screen.tsx')).loadDrawing(),
    }),
  )
}

/** The last two names of the path are what one knows a repository by. */
function titleOf(location: string, { revision, series }: ViewerWords): string {
  const name = location
    .replace(/[/\\]\.varve[/\\]?$/, '')
    .split(/[/\\]/)
    .at(-1)
  return [name, ...revision, ...series].join(' ')
}
