import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { EMPTY_TREE, type PathEdit, updatePaths } from '../../src/core/tree.ts'
import { initRepository, initRepositoryFolder } from '../../src/plumbing/init-repository.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { hostileTexts, rawEscapes } from '../support/hostile-names.ts'
import { hasTool } from '../support/optional-tool.ts'
import { PROGRAM } from '../support/program.ts'
import { ann } from '../support/repositories.ts'
import { build, schemaOf } from '../support/series.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { Terminal } from '../support/terminal.ts'

const WIDE = [
  '宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽',
  '👩‍👩‍👧‍👦 a family',
  `z${'\u0301'.repeat(500)}`,
]
const schema = schemaOf('key:string value:string')

/** A commit for each hostile text: in its message, in the name of a series and in values. */
async function hostileRepository(): Promise<string> {
  const folder = join(temporaryFolder(), 'hostile.varve')
  await initRepositoryFolder(folder)
  const { repo } = await initRepository({ storage: openFileSystemStorage(folder), who: ann(0) })
  const batch = await repo.objects.begin()
  const texts = [...hostileTexts, ...WIDE, 'm'.repeat(1_000_000)]
  let tree = EMPTY_TREE
  let tip: Id | undefined
  for (const [at, text] of texts.entries()) {
    const value = text.slice(0, 1000)
    const id = await build(batch, schema, [[`k${value}`, value]])
    // What no command would write is not taken here either: wide letters and signs are.
    const seen = [...value].filter((sign) => /(?![\u115f\u3164])[\p{L}\p{So}]/u.test(sign))
    const name = `s${at}${seen.slice(0, 40).join('')}`
    const edits = new Map<string, PathEdit>([[name, { kind: 'series', id }]])
    tree = await updatePaths(batch, tree, edits)
    const who = ann(1_700_000_000 + at)
    const parents = tip === undefined ? [] : [tip]
    const message = `${text}\n\n${text}\n`
    tip = await writeCommit(batch, { tree, parents, author: who, committer: who, message })
  }
  const pack = await batch.publish()
  await repo.refs.append({
    updates: [{ name: 'refs/heads/main', old: undefined, new: tip! }],
    who: ann(0),
    message: 'hostile',
    packs: [pack!],
    since: (await repo.refs.state()).number,
  })
  await repo.storage.close()
  return folder
}

let folder = ''
beforeAll(async () => {
  folder = await hostileRepository()
})

let terminal: Terminal | undefined
afterEach(async () => {
  await terminal?.stop()
})

describe.skipIf(!hasTool('tmux'))('what a repository says is shown, not obeyed', () => {
  it('in each view', { timeout: 600_000 }, async () => {
    terminal = new Terminal({ columns: 80, rows: 24, cwd: folder })
    const shown = terminal
    await shown.start()
    await shown.types(`clear; node ${PROGRAM} -R ${folder} tui\n`)
    await shown.settles(/r refs/)
    const commits = hostileTexts.length + WIDE.length + 1

    for (let at = 0; at < commits; at++) {
      for (const key of at % 7 === 0 ? ['m', 'q', 'Enter', 'Enter', 'Tab', 'q', 'q'] : ['j']) {
        await shown.keys(key)
        expectIntact(await shown.settles(/./))
      }
      if (at % 7 === 0) await shown.keys('j')
    }

    const { stdout: title } = await shown.tmux('display-message', '-p', '#{pane_title}')
    expect(title).not.toContain('title')
    expect(await shown.state()).toEqual({ isAlternate: true, hasCursor: false })
  })
})

/** The lines at the top and at the bottom are where they belong, and nothing raw is between them. */
function expectIntact(screen: string): void {
  const lines = screen.split('\n')
  expect(lines[0]).toMatch(/^ hostile/)
  expect(lines).toHaveLength(24)
  expect(lines[23]).toMatch(/r refs/)
  expect(rawEscapes(screen)).toEqual([])
}
