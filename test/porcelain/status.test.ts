import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readStoredIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { diffRows } from '../../src/porcelain/diff.ts'
import { moveSeries } from '../../src/porcelain/move-series.ts'
import { openComparison } from '../../src/porcelain/open-comparison.ts'
import { type StatusOptions, status } from '../../src/porcelain/status.ts'
import { ann, collect, linearHistory, newRepository } from '../support/repositories.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

function write(repo: Repository, file: string, text: string): void {
  const path = join(repo.workTree!.root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** The status as short lines. */
async function shown(repo: Repository, options: StatusOptions = {}): Promise<string[]> {
  const { staged, unstaged, untracked } = await status(repo, options)
  return [
    ...staged.map(({ path, state, stat }) => `staged ${state} ${path} ${stat.appended}`),
    ...unstaged.map(({ file, state, change }) => {
      const { appended = 0, revised = 0, deleted = 0 } = change?.stat ?? {}
      return `${state} ${file}${change ? ` +${appended} ~${revised} -${deleted}` : ''}`
    }),
    ...untracked.map((file) => `untracked ${file}`),
  ]
}

/** A work tree with series `a` and `c/d`, committed, each with its file. */
async function committedFiles(): Promise<Repository> {
  const repo = await newRepository({ workTree: true })
  await stage(repo, { a: [1, 2], 'c/d': [1, 2], bare: [1] })
  await materialise(repo, 'a', 'c/d')
  await commitStaged(repo, 'one')
  return repo
}

describe('status', () => {
  it('says that the state of a search is damaged, and all else', async () => {
    const repo = await newRepository({ workTree: true })
    await linearHistory(repo, 1)
    await stage(repo, { a: [1] })
    await repo.privateFiles!.write('BISECT_STATE', Buffer.from('{"start":'))

    const result = await status(repo)

    expect(result).toMatchObject({
      bisecting: { damaged: 'the state of the search cannot be read' },
      staged: [{ path: 'a' }],
    })
  })

  it('shows a series that was moved as one that was renamed, as a commit does', async () => {
    const repo = await committedFiles()
    await moveSeries(repo, { from: 'a', to: 'e' })
    const renamed = { path: 'e', from: 'a', state: 'changed', stat: { appended: 0, deleted: 0 } }
    expect((await status(repo)).staged).toMatchObject([renamed])
    const committed = await commit(repo, { committer: ann(2), message: 'moved' })
    expect(committed.changes).toMatchObject([renamed])
  })

  it('shows nothing where nothing is pending', async () => {
    const repo = await committedFiles()
    expect(await shown(repo)).toEqual([])
    const { branch, head, bare } = await status(repo)
    expect({ branch, bare, isBorn: head !== undefined }).toEqual({
      branch: 'refs/heads/main',
      bare: false,
      isBorn: true,
    })
  })

  it('shows what is staged before and after the first commit', async () => {
    const repo = await newRepository({ workTree: true })
    await stage(repo, { a: [1, 2], b: [1] })
    expect(await shown(repo)).toEqual(['staged new a 2', 'staged new b 1'])
    expect((await status(repo)).head).toBeUndefined()
    await commitStaged(repo, 'one')
    await stage(repo, { a: [1, 2, 3], b: undefined })
    expect(await shown(repo)).toEqual(['staged changed a 1', 'staged deleted b 0'])
  })

  it('shows changed, missing and unreadable files', async () => {
    const repo = await committedFiles()
    write(repo, 'a.csv', 't,v\n0,1\n1,2.5\n2,3\n')
    expect(await shown(repo)).toEqual(['modified a.csv +1 ~1 -0'])
    write(repo, 'a.csv', 't,v\n0,1,7\n')
    rmSync(join(repo.workTree!.root, 'c/d.csv'))
    expect(await shown(repo)).toEqual(['unreadable a.csv', 'missing c/d.csv'])
    const { unstaged } = await status(repo)
    expect(unstaged[0]!.fault).toMatchObject({ code: 'bad-input', data: { line: 2 } })
  })

  it('reads a file with a new column or a wider type as add would', async () => {
    const repo = await committedFiles()
    write(repo, 'a.csv', 't,v,w\n0,1,x\n1,2,\n')
    const { unstaged } = await status(repo)
    expect(unstaged).toMatchObject([
      {
        state: 'modified',
        change: { stat: { revised: 1, schemaChanges: [{ kind: 'added', column: { name: 'w' } }] } },
      },
    ])
  })

  it('remembers a file that was touched and is as it was', async () => {
    const repo = await committedFiles()
    const stampOf = async () => (await readStoredIndex(repo)).state!.files.get('a')!.stamp
    const before = await stampOf()
    write(repo, 'a.csv', 't,v\n0,1.0\n1,2.00\n')
    utimesSync(join(repo.workTree!.root, 'a.csv'), 1000, 1000)
    expect(await shown(repo)).toEqual([])
    const after = await stampOf()
    expect(after).not.toEqual(before)
    expect(after.mtimeNs).toBe(1_000_000_000_000n)
    const { version } = await readStoredIndex(repo)
    expect(await shown(repo)).toEqual([])
    expect((await readStoredIndex(repo)).version).toBe(version)
  })

  it('knows a file that already holds what is staged', async () => {
    const repo = await committedFiles()
    await stage(repo, { a: [1, 2, 3] })
    expect(await shown(repo)).toEqual(['staged changed a 1', 'outdated a.csv'])
    write(repo, 'a.csv', 't,v\n0,1\n1,2\n2,3\n')
    expect(await shown(repo)).toEqual(['staged changed a 1'])
  })

  it('names folders without files of series as one', async () => {
    const repo = await committedFiles()
    for (const file of ['b.csv', 'c/new.csv', 'x/1.csv', 'x/y/2.csv', 'c/z/3.csv', 'notes.txt']) {
      write(repo, file, 'k\n1\n')
    }
    write(repo, 'only/text.md', '')
    expect(await shown(repo)).toEqual([
      'untracked b.csv',
      'untracked c/new.csv',
      'untracked c/z/',
      'untracked x/',
    ])
    expect(await shown(repo, { untracked: 'all' })).toContain('untracked x/y/2.csv')
    expect(await shown(repo, { untracked: 'no' })).toEqual([])
  })

  it('says that a bare repository has none', async () => {
    const repo = await newRepository()
    const ids = await linearHistory(repo, 2)
    expect(await status(repo)).toMatchObject({ bare: true, head: ids[1], staged: [], unstaged: [] })
  })
})

describe('diff of what is pending', () => {
  it('has index and files together, and each alone', async () => {
    const repo = await committedFiles()
    await stage(repo, { bare: [1, 5] })
    write(repo, 'a.csv', 't,v\n0,1\n')
    rmSync(join(repo.workTree!.root, 'c/d.csv'))
    const found = async (words: string[], options = {}) => {
      const comparison = await openComparison(repo, { words, ...options })
      const items = await collect(diffRows(comparison))
      await comparison.close()
      return items.flatMap((item) => {
        if (item.kind === 'series') return item.path
        if (item.kind === 'rows') return item.rows.map((row) => `${row.class} ${row.key[0]}`)
        return item.kind === 'file' ? `${item.file.state} ${item.file.file}` : []
      })
    }
    const bare = ['bare', 'appended 1']
    const a = ['a', 'deleted 1']
    expect(await found([])).toEqual([...a, ...bare, 'missing c/d.csv'])
    expect(await found([], { staged: true })).toEqual(bare)
    expect(await found([], { unstaged: true })).toEqual([...a, 'missing c/d.csv'])
    expect(await found(['a'])).toEqual(a)
    expect(await found(['c/'])).toEqual(['missing c/d.csv'])
  })
})
