import type { CommitFilter } from './view-data.ts'

const words = ['series', 'author', 'since', 'until', 'from', 'to', 'rev'] as const
type Word = (typeof words)[number]

const TERM = /^(?:([a-z]+):)?(?:"([^"]*)"|(\S*))(?:\s+|$)/

/** A filter as {@link parseFilter} reads it. */
export function filterText(filter: CommitFilter): string {
  const { revisions: rev, series, author, since, until, from, to } = filter
  return Object.entries({ rev, series, author, since, until, from, to })
    .flatMap(([word, value]) => [value ?? []].flat().map((one) => `${word}:${JSON.stringify(one)}`))
    .join(' ')
}

/**
 * Reads `author:"Ann B" since:2026-08 brent`: terms that all hold. A word alone is a series. Where it cannot be
 * read, what is wrong with it.
 */
export function parseFilter(
  text: string,
): { readonly filter: CommitFilter } | { readonly fault: string } {
  const found = new Map<Word, string[]>()
  let rest = text.trim()
  while (rest !== '') {
    const [all, name = 'series', quoted, plain] = TERM.exec(rest)!
    const value = quoted ?? plain ?? ''
    const word = words.find((known) => known === name)
    if (word === undefined) return { fault: `no filter is called ${name}: ${words.join(', ')} are` }
    if (value === '') return { fault: `${name}: needs a value` }
    found.set(word, [...(found.get(word) ?? []), value])
    rest = rest.slice(all.length)
  }
  for (const [word, values] of found) {
    if (values.length > 1 && word !== 'series' && word !== 'rev') {
      return { fault: `${word}: is given twice` }
    }
  }
  const one = (word: Word) => found.get(word)?.[0]
  return {
    filter: {
      revisions: found.get('rev'),
      series: found.get('series'),
      author: one('author'),
      since: one('since'),
      until: one('until'),
      from: one('from'),
      to: one('to'),
    },
  }
}
