import { expect, it } from 'vitest'
import { conflictTable, conflictText } from '../../../src/porcelain/commands/conflict-table.ts'
import type { ListedConflict } from '../../../src/porcelain/merge-conflicts.ts'

it('a table of conflicts has a line for each, whatever is in its texts', async () => {
  const values = { base: 'one\ntwo', ours: '\ttab', theirs: null }
  const listed = { series: 's', kind: 'cell', key: 'a\nb', column: 'c\td', values }
  async function* conflicts() {
    yield listed as ListedConflict
  }
  const texts: string[] = []
  for await (const item of conflictTable(conflicts(), false, false)) {
    if ('listed' in item) texts.push(conflictText(item.listed, item.widths))
  }
  expect(texts).toEqual(['s       a\\nb  c\\td    one\\ntwo  \\ttab  null'])
})
