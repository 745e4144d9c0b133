import { VarveError } from './errors.ts'

/** Names separated by commas; one with a comma in it is in double quotes, which are doubled within. `usage` for an empty one. */
export function parseNameList(text: string): string[] {
  const names = text.match(/(?:"(?:[^"]|"")*"|[^,])+|^(?=,)|(?<=,)(?=,|$)/g) ?? ['']
  return names.map((each) => {
    const name = each.trim()
    const plain = /^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name
    if (plain !== '') return plain
    throw new VarveError('usage', 'names of columns are separated by commas, and none is empty')
  })
}
