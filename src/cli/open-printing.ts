import type { Context } from './context.ts'
import type { GlobalOptions } from './global-options.ts'
import type { Host } from './host.ts'
import { Output } from './output.ts'
import type { Printing } from './print-result.ts'
import { createStyle, type Paint, renderText } from './style.ts'

export interface OpenPrinting extends Printing {
  readonly paged: boolean
  /** Prints text that a person reads. */
  text(text: string): Promise<void>
  /** Writes what is left and waits for the pager to be left. */
  close(): Promise<void>
}

/** Where output goes and how it looks: stdout or a pager, with colours or without. */
export async function openPrinting(from: {
  readonly host: Host
  readonly globals: GlobalOptions
  readonly context: Context
  readonly paged: boolean
}): Promise<OpenPrinting> {
  const { host, globals, context } = from
  const terminal = host.stdout.isTTY === true
  const mayPage = from.paged && terminal && globals.pager && !globals.json
  const pager = mayPage ? await startPagerFor(context) : undefined
  const output =
    pager === undefined
      ? new Output(host.stdout, terminal, context.abort)
      : new Output(pager.input, false)
  const colour = !globals.json && (await wantsColour(host, globals, context))
  const style = createStyle({ colour, terminal, columns: host.stdout.columns ?? 80 })
  const paint = colour ? await loadPaint() : undefined
  return {
    output,
    style,
    ...(paint === undefined ? {} : { paint }),
    json: globals.json,
    quiet: globals.quiet,
    abort: context.abort,
    paged: pager !== undefined,
    async text(text) {
      const painted = paint === undefined ? { raw: false } : { raw: false, paint }
      await output.write(`${renderText(text, painted)}\n`)
      await output.flush()
    },
    async close() {
      await output.flush().finally(() => pager?.finish())
    },
  }
}

async function startPagerFor(context: Context) {
  const { startPager } = await import('./pager.ts')
  return startPager(context)
}

/** Whether text on the standard output is coloured. */
export async function wantsColour(
  host: Host,
  globals: GlobalOptions,
  context: Context,
): Promise<boolean> {
  if (globals.color !== undefined && globals.color !== 'auto') return globals.color === 'always'
  const auto = () =>
    host.stdout.isTTY === true && !context.env('NO_COLOR') && host.env.TERM !== 'dumb'
  if (globals.color === 'auto' || host.stdout.isTTY !== true) return auto()
  const configured = (await context.config()).get('color.ui')
  if (configured === 'always') return !context.env('NO_COLOR')
  return configured === 'never' ? false : auto()
}

async function loadPaint(): Promise<Paint> {
  const { Chalk } = await import('chalk')
  return new Chalk({ level: 1 })
}
