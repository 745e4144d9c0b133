import { count } from '../change-summary.ts'

/** As `3 packs of 1,234 bytes`. */
export function prunedText(packs: readonly { readonly size: number }[]): string {
  return `${count(packs.length, 'pack')} of ${bytesOf(packs.reduce((sum, { size }) => sum + size, 0))}`
}

export function bytesOf(bytes: number): string {
  return count(bytes, 'byte')
}
