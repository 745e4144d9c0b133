import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/temporary.ts'
import { walk } from '../support/walk.ts'

const page = resolve(import.meta.dirname, '../../docs/time-zones.md')
const folder = temporaryFolder()

// After a change of what commands print, `npx vitest run test/docs -u` writes it into the pages.
it('the page on time zones shows what its commands print', async () => {
  await expect(await walk(page, { folder })).toMatchFileSnapshot(page)
}, 120_000)
