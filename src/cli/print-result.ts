import { StringDecoder } from 'node:string_decoder'
import { escapeControl } from '../core/names.ts'
import type { Arguments, Command } from './define-command.ts'
import type { Output } from './output.ts'
import { toJsonText } from './report-error.ts'
import { type Paint, renderText, type Style } from './style.ts'

export interface Printing {
  readonly output: Output
  readonly style: Style
  readonly paint?: Paint
  readonly json: boolean
  readonly quiet: boolean
  readonly abort: AbortSignal
}

/** Prints what a command's `run` returned: one value, or a stream item by item. */
export async function printResult(
  command: Command,
  args: Arguments,
  result: unknown,
  printing: Printing,
): Promise<void> {
  const { output, json, quiet, abort } = printing
  const isSilent = quiet && command.report && !json
  const print = itemPrinter(command, args, printing)
  if (isAsyncIterable(result)) {
    for await (const item of result) {
      if (!command.endsItself) abort.throwIfAborted()
      if (!isSilent || item instanceof Uint8Array) await print(item)
    }
  } else if (!isSilent) {
    await print(result)
  }
  await output.flush()
}

function itemPrinter(command: Command, args: Arguments, printing: Printing) {
  const { output, style, json, paint } = printing
  const bytes = style.terminal ? terminalBytes() : (chunk: Uint8Array) => chunk
  const raw = command.raw(args) && !style.terminal
  return async (item: unknown): Promise<void> => {
    if (item instanceof Uint8Array) return output.write(bytes(item))
    if (json) {
      const shown = command.toJson === undefined ? item : command.toJson(item, args)
      return output.write(`${toJsonText(shown)}\n`)
    }
    if (item === undefined) return
    const text = command.toText === undefined ? plainText(item) : command.toText(item, style, args)
    if (text === '') return
    const rendered = renderText(text, { raw, ...(paint === undefined ? {} : { paint }) })
    await output.write(/[\n\0]$/.test(rendered) ? rendered : `${rendered}\n`)
  }
}

function plainText(item: unknown): string {
  return typeof item === 'string' ? item : toJsonText(item)
}

/** Data on its way to a terminal: its control characters are written out. */
function terminalBytes(): (chunk: Uint8Array) => string {
  const decoder = new StringDecoder('utf8')
  return (chunk) => escapeControl(decoder.write(Buffer.from(chunk)), '\n\t')
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
