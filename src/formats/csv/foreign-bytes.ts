import { Buffer } from 'node:buffer'

const UTF16 = ['UTF-16', 'iconv -f utf-16 -t utf-8 converts'] as const

/** Files that are no text, by the bytes they begin with: none of these is UTF-8. */
const BEGINNINGS: readonly (readonly [begin: string, found: string, hint: string])[] = [
  ['\xff\xff\xff\xff', 'an Arrow stream', '--format arrow reads it'],
  ['\x1f\x8b', 'what gzip packed', 'a name that ends in .gz says so; gunzip unpacks'],
  ['\x28\xb5\x2f\xfd', 'what zstd packed', 'a name that ends in .zst says so; zstd -d unpacks'],
  ['\xff\xfe', ...UTF16],
  ['\xfe\xff', ...UTF16],
]
/** The same where the bytes could be text, but for the control characters that follow. */
const NAMED: readonly (readonly [begin: string, found: string, hint: string])[] = [
  ['PAR1', 'a Parquet file', '--format parquet reads it'],
  ['ARROW1', 'an Arrow file', '--format arrow reads it'],
  ['PK\x03\x04', 'a zip archive, as spreadsheets save', 'save or unpack it as CSV'],
]

/**
 * What an input is that begins like no text, and what can be done; undefined for any other.
 *
 * @param header whether it would begin with names of columns, which have no control characters
 */
export function foreignBytes(
  head: Uint8Array,
  header: boolean,
): { readonly found: string; readonly hint: string } | undefined {
  const text = Buffer.from(head.subarray(0, 16)).toString('latin1')
  const isOdd = header && /^[^\r\n]*?[\0-\x08\x0e-\x1f]/.test(text)
  const known = [...BEGINNINGS, ...(isOdd ? NAMED : [])].find(([begin]) => text.startsWith(begin))
  return known && { found: known[1], hint: known[2] }
}
