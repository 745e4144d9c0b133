import { copyFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { hasPythonModule } from '../support/optional-tool.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { walk } from '../support/walk.ts'

const root = resolve(import.meta.dirname, '../..')
const page = join(root, 'README.md')
const folder = temporaryFolder()

const env = {
  VARVE_AUTHOR_NAME: 'Ada',
  VARVE_AUTHOR_EMAIL: 'ada@example.org',
  VARVE_AUTHOR_DATE: '2022-11-10T03:03:00Z',
  VARVE_COMMITTER_NAME: 'Ada',
  VARVE_COMMITTER_EMAIL: 'ada@example.org',
  VARVE_COMMITTER_DATE: '2022-11-10T03:03:00Z',
}

it('the README shows what its commands print', async () => {
  copyFileSync(join(root, 'examples/oil-prices/brent-daily.csv'), join(folder, 'brent-daily.csv'))
  const tools = { python3: '/usr/bin/python3', duckdb: join(root, 'test/support/duckdb.js') }
  const without = hasPythonModule('pandas') ? undefined : /pandas/
  await expect(await walk(page, { folder, env, tools, without })).toMatchFileSnapshot(page)
}, 120_000)
