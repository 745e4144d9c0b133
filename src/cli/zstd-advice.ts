import { zstdChoice } from '../zstd/load.ts'
import type { Context } from './context.ts'

/** Says once a command, unless told not to, that what it has packed or unpacked could go faster. */
export async function adviseOnZstd(context: Context): Promise<void> {
  const choice = zstdChoice()
  if (choice?.reason === undefined || context.quiet) return
  if ((await context.config()).boolean('advice.slowZstd') === false) return
  const { name, reason } = choice
  context.note(`zstd-napi cannot be loaded (${reason}); zstd by ${name} is slower`)
  context.note('`varve config --global advice.slowZstd false`, and this is not said any more')
}
