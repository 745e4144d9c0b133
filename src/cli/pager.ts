import type { Context } from './context.ts'

export interface Pager {
  readonly input: NodeJS.WritableStream
  /** Ends the text and waits until the pager is left. */
  finish(): Promise<void>
}

/** Where nobody named a pager, a machine without less is no reason to show nothing. */
const DEFAULT_PAGER = 'if command -v less >/dev/null; then exec less; else exec cat; fi'

/**
 * Starts $VARVE_PAGER, core.pager or $PAGER, else less; undefined when that is `cat`. less ends by
 * itself when the text fits on the screen.
 */
export async function startPager(context: Context): Promise<Pager | undefined> {
  const configured = context.env('VARVE_PAGER') ?? (await context.config()).get('core.pager')
  const command = configured ?? context.env('PAGER') ?? DEFAULT_PAGER
  if (command === 'cat') return undefined
  const { execa } = await import('execa')
  const child = execa(command, {
    shell: true,
    stdin: 'pipe',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
    env: { LESS: context.env('LESS') ?? 'FRX', LV: context.env('LV') ?? '-c' },
  })
  return {
    input: child.stdin,
    async finish() {
      child.stdin.end()
      await child
    },
  }
}
