import { Buffer } from 'node:buffer'

/**
 * The same text, in memory of its own: a text that was cut from a longer one holds all of that, which counts where
 * very many are kept.
 */
export function ownText<T extends string>(text: T): T {
  const encoding = /[^\0-\xff]/.test(text) ? 'utf16le' : 'latin1'
  return Buffer.from(text, encoding).toString(encoding) as T
}
