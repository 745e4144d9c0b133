import { hasCode, VarveError } from '../core/errors.ts'
import type { CommandTable } from './command-table.ts'
import { complete } from './complete.ts'
import { completionSource } from './completion-sources.ts'
import { globalOptions, readGlobalOptions } from './global-options.ts'
import type { Host } from './host.ts'
import { makeContext, type OwnedContext } from './make-context.ts'
import { spellingsOf, tokenise } from './tokenise.ts'

/**
 * Answers a shell's completion script: one `value TAB description` a line, then `:files` where
 * names of files fit too. Whatever goes wrong, there is nothing to complete and nothing is said.
 *
 * bash hands over its line as one string, as it cuts words at `:` and `=`; what it then replaces
 * is only the part after the last of these, so only that part is printed.
 */
export async function runCompletion(
  host: Host,
  table: CommandTable,
  [shell, , ...given]: readonly string[],
  abort: AbortSignal,
): Promise<void> {
  const words = shell === 'bash' ? splitLine(given[0] ?? '').slice(1) : given
  const globals = leadingGlobals(words)
  let context: OwnedContext | undefined
  try {
    context = makeContext({ host, globals, commands: table, abort, onAnswerNo() {} })
    const { candidates, files } = await complete(words, table, context, completionSource(context))
    const cut = shell === 'bash' ? wordBreak(words.at(-1) ?? '') : 0
    const lines = candidates.map(({ value, about }) => `${value.slice(cut)}\t${about}\n`)
    if (files) lines.push(':files\n')
    host.stdout.write(lines.join(''))
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
  } finally {
    await context?.close()
  }
}

function leadingGlobals(words: readonly string[]) {
  try {
    const { options } = tokenise(words.slice(0, -1), spellingsOf(globalOptions), true)
    return readGlobalOptions(options)
  } catch (error) {
    // The last option still waits for its value.
    if (hasCode(error, 'usage')) return readGlobalOptions([])
    throw error
  }
}

function wordBreak(word: string): number {
  return Math.max(word.lastIndexOf(':'), word.lastIndexOf('=')) + 1
}

/** A line as the shell cuts it: at blanks, with quotes and backslashes. */
export function splitLine(line: string): string[] {
  const words = ['']
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (quote !== '') {
      if (character === quote) quote = ''
      else if (character === '\\' && quote === '"') words[words.length - 1] += line[++at] ?? ''
      else words[words.length - 1] += character
    } else if (character === '"' || character === "'") {
      quote = character
    } else if (character === '\\') {
      words[words.length - 1] += line[++at] ?? ''
    } else if (character === ' ' || character === '\t') {
      if (words.at(-1) !== '') words.push('')
    } else {
      words[words.length - 1] += character
    }
  }
  return words
}
