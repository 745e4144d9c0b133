import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { abbreviateId, abbreviationLength } from '../../src/plumbing/abbreviate-id.ts'
import { joinParagraphs } from '../../src/plumbing/commit-message.ts'
import { commitTree } from '../../src/plumbing/commit-tree.ts'
import { setHead } from '../../src/plumbing/head.ts'
import { aheadBehind, mergeBase, mergeBaseIsAncestor } from '../../src/plumbing/merge-base.ts'
import { type RevListOptions, revList } from '../../src/plumbing/rev-list.ts'
import { type RevParseOptions, revParse } from '../../src/plumbing/rev-parse.ts'
import {
  ann,
  collect,
  linearHistory,
  newRepository,
  setRefs,
  storeCommits,
} from '../support/repositories.ts'

describe('commitTree', () => {
  it('makes the same commit everywhere', async () => {
    const made = async () => {
      const repo = await newRepository()
      return commitTree(repo, {
        tree: EMPTY_TREE,
        author: ann(1_786_960_800, 120),
        committer: ann(1_786_960_801, 120),
        message: joinParagraphs(['by hand']),
      })
    }
    const { id, commit } = await made()
    expect(id).toBe((await made()).id)
    expect(id).toBe('a74d2fd262cead0c401cfb691a9bf0e7ef13751ccfcabeebee468b6694bdfda9')
    expect(commit).toEqual({
      tree: EMPTY_TREE,
      parents: [],
      author: ann(1_786_960_800, 120),
      committer: ann(1_786_960_801, 120),
      message: 'by hand\n',
    })
  })

  it('never lets the committer date run backwards; the author date is kept', async () => {
    const repo = await newRepository()
    const [one, two] = await storeCommits(repo, [{ seconds: 1000 }, { seconds: 2000 }])
    const options = {
      tree: one!,
      parents: [one!, two!],
      author: ann(500),
      committer: ann(1500, 60),
      message: 'late\n',
    }
    const { commit } = await commitTree(repo, options)
    expect(commit).toMatchObject({ author: ann(500), committer: ann(2000, 60) })
    await expect(commitTree(repo, { ...options, exactDate: true })).rejects.toThrow(
      expect.objectContaining({
        code: 'refused',
        data: expect.objectContaining({ parent: two, parentDate: '1970-01-01T00:33:20Z' }),
      }),
    )
    const same = await commitTree(repo, { ...options, committer: ann(2000), exactDate: true })
    expect(same.commit.committer).toEqual(ann(2000))
  })

  it('takes revisions, a parent twice once, and stores one staged pack', async () => {
    const repo = await newRepository()
    const ids = await linearHistory(repo, 2)
    const packs = (await repo.objects.packs()).length
    const made = await commitTree(repo, {
      tree: 'main',
      parents: ['main', ids[1]!, 'HEAD~1'],
      author: ann(9),
      committer: ann(9e5),
      message: '',
    })
    expect(made.commit.parents).toEqual([ids[1], ids[0]])
    expect(made.commit.message).toBe('')
    expect((await repo.objects.packs()).length).toBe(packs + 1)
    expect((await repo.refs.state()).packs.has(made.pack!)).toBe(false)
  })

  it('leaves nothing behind when it fails', async () => {
    const repo = await newRepository()
    await linearHistory(repo, 1)
    const before = await repo.objects.packNames()
    const options = { author: ann(1), committer: ann(1e6), message: 'm\n' }
    for (const bad of [
      { ...options, tree: 'nix' },
      { ...options, tree: 'main', parents: ['main^{tree}'] },
      { ...options, tree: 'main', message: 'nul \0 \n' },
      { ...options, tree: 'main', author: { ...ann(1), name: 'a<b' } },
    ]) {
      await expect(commitTree(repo, bad)).rejects.toThrow(
        expect.objectContaining({ name: 'VarveError' }),
      )
    }
    expect(await repo.objects.packNames()).toEqual(before)
  })
})

describe('joinParagraphs', () => {
  it('puts a blank line between them', () => {
    expect(joinParagraphs(['subject', 'body\nmore\n\n'])).toBe('subject\n\nbody\nmore\n')
  })
})

/** 0 ─ 1 ─ 3 ─ 5 (main), 1 ─ 2 ─ 4 (side), 5 merges 4. */
async function branched() {
  const repo = await newRepository()
  const ids = await storeCommits(repo, [
    { seconds: 10 },
    { seconds: 20, parents: [0] },
    { seconds: 30, parents: [1] },
    { seconds: 40, parents: [1] },
    { seconds: 50, parents: [2] },
    { seconds: 60, parents: [3, 4] },
  ])
  await setRefs(repo, { 'refs/heads/main': ids[5], 'refs/heads/side': ids[4] })
  await setRefs(repo, { 'refs/tags/first': ids[0], 'refs/tags/tree': EMPTY_TREE })
  return { repo, ids }
}

describe('revList', () => {
  it.each<[string, RevListOptions, number[]]>([
    ['all of a branch', { revisions: ['main'] }, [5, 4, 3, 2, 1, 0]],
    ['a range', { revisions: ['side..main'] }, [5, 3]],
    ['what is left out', { revisions: ['main', '^main~1'] }, [5, 4, 2]],
    ['a symmetric difference', { revisions: ['main~1...side'] }, [4, 3, 2]],
    ['parents', { revisions: ['main^@'] }, [4, 3, 2, 1, 0]],
    ['a commit alone', { revisions: ['main^!'] }, [5]],
    ['a merge without one side', { revisions: ['main^-2'] }, [5, 3]],
    ['first parents', { revisions: ['main'], firstParent: true }, [5, 3, 1, 0]],
    ['some', { revisions: ['main'], skip: 1, maxCount: 2 }, [4, 3]],
    ['none', { revisions: ['main'], maxCount: 0 }, []],
    ['since', { revisions: ['main'], since: 40 }, [5, 4, 3]],
    ['until', { revisions: ['main'], until: 30 }, [2, 1, 0]],
    ['merges', { revisions: ['main'], minParents: 2 }, [5]],
    ['no merges', { revisions: ['main'], maxParents: 1, maxCount: 2 }, [4, 3]],
    ['in reverse, chosen first', { revisions: ['main'], maxCount: 2, reverse: true }, [4, 5]],
    ['lines together', { revisions: ['main'], order: 'topo' }, [5, 4, 2, 3, 1, 0]],
    ['lines together since', { revisions: ['main'], order: 'topo', since: 40 }, [5, 4, 3]],
    ['all refs', { all: true }, [5, 4, 3, 2, 1, 0]],
    ['tags', { tags: true }, [0]],
    ['branches but one', { branches: true, revisions: ['^side'] }, [5, 3]],
    ['nothing at all', { revisions: ['main..side'] }, []],
    [
      'a test',
      { revisions: ['main'], test: ({ commit }) => commit.committer.seconds % 20 === 0 },
      [5, 3, 1],
    ],
  ])('gives %s', async (_, options, expected) => {
    const { repo, ids } = await branched()
    const found = await collect(revList(repo, options))
    expect(found.map(({ id }) => ids.indexOf(id))).toEqual(expected)
  })

  it('needs somewhere to start, but takes refs that are not there', async () => {
    const { repo } = await branched()
    await expect(collect(revList(repo, {}))).rejects.toThrow(
      expect.objectContaining({ code: 'usage' }),
    )
    expect(await collect(revList(repo, { remotes: true }))).toEqual([])
    await expect(collect(revList(repo, { revisions: ['main..nix'] }))).rejects.toThrow(
      expect.objectContaining({ code: 'revision-not-found' }),
    )
  })
})

describe('mergeBase', () => {
  it('finds what two have in common', async () => {
    const { repo, ids } = await branched()
    const base = (...commits: string[]) => mergeBase(repo, { commits })
    expect(await base('main~1', 'side')).toEqual([ids[1]])
    expect(await base('main', 'side')).toEqual([ids[4]])
    expect(await base('main')).toEqual([ids[5]])
    expect(await base('main~1', 'side~1', 'first')).toEqual([ids[1]])
    expect(await mergeBase(repo, { commits: ['main', 'side', 'first'], mode: 'octopus' })).toEqual([
      ids[0],
    ])
    expect(
      await mergeBase(repo, { commits: ['main~1', 'side', 'first'], mode: 'independent' }),
    ).toEqual([ids[3], ids[4]])
  })

  it('finds nothing between unrelated histories', async () => {
    const { repo } = await branched()
    const [alone] = await storeCommits(repo, [{ seconds: 15, message: 'alone\n' }])
    expect(await mergeBase(repo, { commits: ['main', alone!], all: true })).toEqual([])
  })

  it('tells ancestors, and how far two are apart', async () => {
    const { repo, ids } = await branched()
    expect(await mergeBaseIsAncestor(repo, { ancestor: 'side', of: 'main' })).toBe(true)
    expect(await mergeBaseIsAncestor(repo, { ancestor: 'main', of: 'side' })).toBe(false)
    expect(await mergeBaseIsAncestor(repo, { ancestor: 'main', of: 'main' })).toBe(true)
    expect(await aheadBehind(repo, ids[3]!, ids[4]!)).toEqual({ ahead: 1, behind: 2 })
    expect(await aheadBehind(repo, ids[5]!, ids[5]!)).toEqual({ ahead: 0, behind: 0 })
  })
})

describe('revParse', () => {
  const parse = async (options: RevParseOptions, workTree = false) => {
    const repo = await newRepository({ workTree })
    const ids = await linearHistory(repo, 3)
    const shown = (await revParse(repo, options)).map(({ text }) => text)
    return { shown, ids, repo }
  }

  it('prints ids, what is left out marked', async () => {
    const { shown, ids } = await parse({
      words: ['main', 'HEAD~1..', 'main~1...main', '^HEAD', 'main^{tree}', 'main:'],
    })
    expect(shown).toEqual([
      ids[2],
      ids[2],
      `^${ids[1]}`,
      ids[1],
      ids[2],
      `^${ids[1]}`,
      `^${ids[2]}`,
      EMPTY_TREE,
      EMPTY_TREE,
    ])
  })

  it('verifies one revision', async () => {
    await expect(parse({ words: ['main', 'main'], verify: true })).rejects.toThrow(
      'takes one revision',
    )
    await expect(parse({ words: ['main..main'], verify: true })).rejects.toThrow(
      expect.objectContaining({ code: 'revision-not-found' }),
    )
    const { shown, ids } = await parse({ words: ['main'], verify: true })
    expect(shown).toEqual([ids[2]])
  })

  it('abbreviates as far as is clear', async () => {
    const { shown, ids } = await parse({ words: ['main', '^main~1'], short: 5 })
    expect(shown).toEqual([ids[2]!.slice(0, 5), `^${ids[1]!.slice(0, 5)}`])
    expect((await parse({ words: ['main'], short: true })).shown).toEqual([ids[2]!.slice(0, 7)])
  })

  it('prints the names of refs', async () => {
    expect((await parse({ words: ['HEAD', 'main'], names: 'short' })).shown).toEqual([
      'main',
      'main',
    ])
    expect((await parse({ words: ['@', 'main'], names: 'full' })).shown).toEqual([
      'refs/heads/main',
      'refs/heads/main',
    ])
    const { repo, ids } = await parse({ words: [] }, true)
    await setHead(repo, { to: { id: ids[0]! }, who: ann(1), message: 'detach' })
    expect(await revParse(repo, { words: ['HEAD'], names: 'short' })).toEqual([
      { text: 'HEAD', id: ids[0], excluded: false },
    ])
    expect(await revParse(repo, { words: ['HEAD~0'], names: 'short' })).toMatchObject([
      { text: ids[0] },
    ])
  })
})

describe('abbreviateId', () => {
  it('takes more digits where others begin alike', async () => {
    const repo = await newRepository()
    const batch = await repo.objects.begin()
    const seen = new Map<string, Id>()
    let pair: [Id, Id] | undefined
    for (let number = 0; pair === undefined; number++) {
      const id = await batch.put('blob', Buffer.from(`blob ${number}`))
      const other = seen.get(id.slice(0, 5))
      if (other !== undefined) pair = [other, id]
      seen.set(id.slice(0, 5), id)
    }
    await batch.publish()
    const [one, other] = pair
    const short = await abbreviateId(repo, one, 4)
    expect(short.length).toBeGreaterThan(5)
    expect(one.startsWith(short)).toBe(true)
    expect(other.startsWith(short)).toBe(false)
    expect(await repo.objects.find(short)).toEqual([one])
    expect(await abbreviateId(repo, one, 64)).toBe(one)
    expect(await abbreviationLength(repo)).toBe(7)
  })
})
