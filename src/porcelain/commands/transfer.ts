import type { Context } from '../../cli/context.ts'
import type { Progress } from '../../cli/progress.ts'
import type { TransferProgress } from '../../plumbing/connect.ts'
import type { TransferOptions } from '../transfer.ts'

const labels = {
  fetch: { find: 'looking for what is missing', move: 'receiving', verify: 'verifying' },
  push: { find: 'looking for what is missing', move: 'sending', verify: 'verifying' },
} as const

/** What operations that talk to another repository are given, while a bar shows how far they have come. */
export async function whileMovingObjects<R>(
  context: Context,
  kind: keyof typeof labels,
  run: (options: TransferOptions) => Promise<R>,
): Promise<R> {
  let phase: TransferProgress['phase'] | undefined
  let progress: Progress | undefined
  const onProgress = (now: TransferProgress): void => {
    if (now.phase !== phase) {
      progress?.done()
      phase = now.phase
      progress = context.progress({ label: labels[kind][phase], unit: 'objects' })
    }
    if (now.totalObjects !== undefined) progress?.total(now.totalObjects)
    if (phase === 'move') progress?.bytes(now.bytes)
    progress?.set(now.objects)
  }
  try {
    return await run({ connect: context.connect, onProgress, signal: context.abort })
  } finally {
    progress?.done()
  }
}
