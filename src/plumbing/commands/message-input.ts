import type { Context } from '../../cli/context.ts'
import { readWhole } from '../byte-lines.ts'
import { joinParagraphs } from '../commit-message.ts'
import { decodeText } from './text-input.ts'

const MESSAGE_LIMIT = 16 * 1024 * 1024

/** The message that `-m` and `-F` give, a paragraph each; `-` is standard input. */
export async function readMessage(
  context: Context,
  paragraphs: readonly string[],
  files: readonly string[],
): Promise<string> {
  const texts = [...paragraphs]
  for (const file of files) {
    const bytes = file === '-' ? context.stdin : context.readFile(file)
    texts.push(decodeText(await readWhole(bytes, MESSAGE_LIMIT), file === '-' ? '<stdin>' : file))
  }
  return joinParagraphs(texts)
}
