import { beforeEach, describe, expect, it } from 'vitest'
import { setConfig } from '../../src/core/config-file.ts'
import { hasCode } from '../../src/core/errors.ts'
import { isId } from '../../src/core/id.ts'
import type { Connect } from '../../src/plumbing/connect.ts'
import { headState } from '../../src/plumbing/head.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { carryTo, openRemote } from '../../src/plumbing/open-remote.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { repositoryConfig } from '../../src/plumbing/repository-config.ts'
import { resolveCommit } from '../../src/plumbing/resolve-revision.ts'
import { fetch } from '../../src/porcelain/fetch.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import type { RunHook } from '../../src/porcelain/hooks.ts'
import { log } from '../../src/porcelain/log.ts'
import { pull } from '../../src/porcelain/pull.ts'
import { type PushOptions, push } from '../../src/porcelain/push.ts'
import { addRemote, removeRemote, renameRemote, showRemote } from '../../src/porcelain/remote.ts'
import { setUpstream } from '../../src/porcelain/set-upstream.ts'
import { status } from '../../src/porcelain/status.ts'
import { switchBranch } from '../../src/porcelain/switch.ts'
import { sync } from '../../src/porcelain/sync.ts'
import { createTag } from '../../src/porcelain/tag.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { bucketFiles } from '../../src/storage/far-files.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { readOil, who, world, writeOil } from '../support/remotes.ts'
import { collect } from '../support/repositories.ts'

const problems = async (repo: Repository) =>
  (await collect(fsck(repo))).filter(({ kind }) => kind !== 'summary')

const net = world()
let server: Repository
let ann: Repository
let bob: Repository

const transfer = () => ({ connect: net.connect })
const fetchInto = (repo: Repository, options = {}) =>
  fetch(repo, { ...transfer(), who, ...options })
const pushFrom = (repo: Repository, options: Partial<PushOptions> = {}) =>
  push(repo, { ...transfer(), who, ...options })
const pullInto = (repo: Repository, options = {}) =>
  pull(repo, { ...transfer(), committer: who, ...options })
const configure = (repo: Repository, key: string, value: string) =>
  repo.config.edit((text) => setConfig(text, key, value))
const statuses = ({ refs }: { refs: readonly { target?: string | undefined; status: string }[] }) =>
  refs.map(({ target, status }) => `${target} ${status}`)
const tip = async (repo: Repository, name = 'HEAD') => resolveCommit(repo, name)

beforeEach(async () => {
  server = await net.bare('server')
  ann = await net.clone('server', 'ann')
  await writeOil(ann, '2026-08-14,65.5\n2026-08-17,66\n')
  await pushFrom(ann, { remote: 'origin', refspecs: ['main'], setUpstream: true })
  bob = await net.clone('server', 'bob')
})

describe('clone', () => {
  it('brings branches and tags, goes to the default branch and writes files', async () => {
    expect(await readOil(bob)).toBe('2026-08-14,65.5\n2026-08-17,66\n')
    expect(await tip(bob, 'origin/main')).toBe(await tip(ann))
    expect((await status(bob)).tracking).toMatchObject({
      short: 'origin/main',
      distance: { ahead: 0, behind: 0 },
    })
    expect(await problems(bob)).toEqual([])
  })

  it('takes one branch, a tag or the last commits alone', async () => {
    await writeOil(ann, '2026-08-18,67\n')
    await createTag(ann, { name: 'v1', message: 'as published', who })
    await pushFrom(ann, { refspecs: ['main', 'v1', 'main:other'] })
    const shallow = await net.clone('server', 'shallow', { depth: 1 })
    expect([...(await shallow.refs.state()).shallow]).toEqual([await tip(ann)])
    expect([...(await shallow.refs.state()).refs.keys()]).not.toContain('refs/remotes/origin/other')
    const grafted = async () =>
      (await collect(log(shallow, { decorate: true }))).map(({ decorations }) =>
        decorations.some(({ kind }) => kind === 'grafted'),
      )
    expect(await grafted()).toEqual([true])
    await fetchInto(shallow, { unshallow: true })
    expect((await shallow.refs.state()).shallow.size).toBe(0)
    expect(await grafted()).toEqual([false, false])
    expect(await tip(shallow, 'HEAD~1')).toBe(await tip(ann, 'HEAD~1'))
    const tagged = await net.clone('server', 'tagged', { branch: 'v1' })
    expect(await headState(tagged)).toMatchObject({ detached: true, id: await tip(ann) })
    await expect(net.clone('server', 'no', { branch: 'mian' })).rejects.toMatchObject({
      code: 'ref-not-found',
      hint: 'did you mean main?',
    })
  })
})

describe('fetch', () => {
  it('moves the refs that show a remote, and asks nothing where nothing moved', async () => {
    await writeOil(ann, '2026-08-18,67\n')
    await pushFrom(ann)
    expect(statuses(await fetchInto(bob))).toEqual(['refs/remotes/origin/main fast-forward'])
    expect((await status(bob)).tracking?.distance).toEqual({ ahead: 0, behind: 1 })
    const again = await fetchInto(bob)
    expect(statuses(again)).toEqual(['refs/remotes/origin/main up-to-date'])
    expect(again.objects).toBe(0)
    expect((await fetchInto(bob, { dryRun: true })).dryRun).toBe(true)
  })

  it('prunes what is gone, follows tags, and says what it would do', async () => {
    await createTag(ann, { name: 'v1', message: 'as published', who })
    await pushFrom(ann, { refspecs: ['main:other', 'v1'] })
    expect(statuses(await fetchInto(bob, { dryRun: true }))).toEqual([
      'refs/remotes/origin/main up-to-date',
      'refs/remotes/origin/other new',
      'refs/tags/v1 new',
    ])
    expect(statuses(await fetchInto(bob, { tags: 'none' }))).toContain(
      'refs/remotes/origin/other new',
    )
    expect(statuses(await fetchInto(bob))).toContain('refs/tags/v1 new')
    await pushFrom(ann, { refspecs: ['other'], delete: true })
    expect(statuses(await fetchInto(bob, { prune: true }))).toContain(
      'refs/remotes/origin/other pruned',
    )
  })

  it('leaves a branch that would lose commits, unless forced', async () => {
    await fetchInto(bob, { refspecs: ['main:copy'] })
    await writeOil(ann, '2026-08-19,1\n')
    await pushFrom(ann, { refspecs: ['main:copy'] })
    await pushFrom(ann, { refspecs: ['main~1:refs/heads/copy'], force: true })
    await writeOil(bob, '2026-08-20,2\n')
    await pushFrom(bob, { refspecs: ['main:fork'] })
    const rejected = await fetchInto(ann, { refspecs: ['fork:main2', 'fork:refs/heads/main'] })
    expect(statuses(rejected)).toContain('refs/heads/main rejected')
  })

  it('says what is not there', async () => {
    await expect(fetchInto(bob, { remote: 'orign' })).rejects.toSatisfy((error) =>
      hasCode(error, 'not-a-repository'),
    )
    await expect(fetchInto(bob, { refspecs: ['mian'] })).rejects.toMatchObject({
      code: 'ref-not-found',
      hint: 'did you mean main?',
    })
  })
})

describe('push and pull', () => {
  it('refuses to lose what somebody else pushed, and merges it', async () => {
    await writeOil(ann, '2026-08-17,66.1\n')
    await pushFrom(ann)
    await writeOil(bob, '2026-08-14,65.6\n')
    const refused = await pushFrom(bob)
    expect(refused.refs).toMatchObject([
      { status: 'rejected', reason: 'fetch first', behind: true },
    ])
    const { merged } = await pullInto(bob)
    expect(merged.outcome).toBe('merged')
    expect(merged.commit?.message).toMatch(/^Merge branch 'main' of server\n/)
    expect(await readOil(bob)).toBe('2026-08-14,65.6\n2026-08-17,66.1\n')
    expect(statuses(await pushFrom(bob))).toEqual(['refs/heads/main fast-forward'])
    expect((await pullInto(ann)).merged.outcome).toBe('fast-forward')
    expect(await readOil(ann)).toBe(await readOil(bob))
  })

  it('leaves conflicts to be settled', async () => {
    await writeOil(ann, '2026-08-17,66.1\n')
    await pushFrom(ann)
    await writeOil(bob, '2026-08-17,66.2\n')
    const { merged } = await pullInto(bob)
    expect(merged).toMatchObject({ outcome: 'conflicts', shown: 'origin/main' })
    await expect(pullInto(bob)).rejects.toMatchObject({ code: 'refused' })
  })

  it('forces only what is as it is thought to be', async () => {
    await writeOil(bob, '2026-08-17,66.1\n')
    await pushFrom(bob)
    await writeOil(ann, '2026-08-17,1\n')
    const lease = { forceWithLease: [], refspecs: ['main'] }
    expect((await pushFrom(ann, lease)).refs[0]).toMatchObject({ reason: 'stale info' })
    await fetchInto(ann)
    expect(statuses(await pushFrom(ann, { refspecs: ['main'] }))).toEqual([
      'refs/heads/main rejected',
    ])
    expect(statuses(await pushFrom(ann, lease))).toEqual(['refs/heads/main forced'])
  })

  it('moves all or none, deletes, and refuses to move tags', async () => {
    await createTag(ann, { name: 'v1', who })
    await pushFrom(ann, { refspecs: ['v1'] })
    await writeOil(ann, '2026-08-18,67\n')
    await createTag(ann, { name: 'v1', who, force: true })
    const atomic = await pushFrom(ann, { refspecs: ['main', 'v1'], atomic: true })
    expect(statuses(atomic)).toEqual(['refs/heads/main rejected', 'refs/tags/v1 rejected'])
    const apart = await pushFrom(ann, { refspecs: ['main', 'v1'] })
    expect(statuses(apart)).toEqual(['refs/heads/main fast-forward', 'refs/tags/v1 rejected'])
    expect(statuses(await pushFrom(ann, { refspecs: [':v1'] }))).toEqual(['refs/tags/v1 deleted'])
  })

  it('asks the hook with what is to be pushed, and pushes nothing where it says no', async () => {
    const asked: string[] = []
    const hook: RunHook = async (name, { args = [], stdin = '' } = {}) => {
      asked.push(name, ...args, stdin.replace(/[0-9a-f]{64}/g, 'ID'))
      throw new Error('no')
    }
    await writeOil(ann, '2026-08-18,67\n')
    await expect(pushFrom(ann, { hook })).rejects.toThrow('no')
    expect(asked).toEqual([
      'pre-push',
      'origin',
      'server',
      'refs/heads/main ID refs/heads/main ID\n',
    ])
    expect(await tip(server, 'main')).toBe(await tip(ann, 'HEAD~1'))
  })

  it('says what a branch is pushed to where nothing says it', async () => {
    await switchBranch(ann, { create: 'own', who })
    await expect(pushFrom(ann)).rejects.toMatchObject({
      code: 'refused',
      hint: 'varve push -u origin own pushes it, and lets it follow that',
    })
    await pushFrom(ann, { remote: 'origin', refspecs: ['own'], setUpstream: true })
    expect(await tip(ann, '@{push}')).toBe(await tip(ann))
    await fetchInto(bob)
    const switched = await switchBranch(bob, { target: 'own', who })
    expect(switched).toMatchObject({ created: true, follows: 'origin/own' })
    expect(await tip(bob, '@{u}')).toBe(await tip(bob))
  })

  it('loses nothing of writers at once that pull and push until they come through', async () => {
    const clients = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => net.clone('server', name)),
    )
    const day = (client: number, row: number) => `2026-0${client + 1}-0${row + 1}`
    await Promise.all(
      clients.map(async (repo, client) => {
        for (let row = 0; row < 5; row++) {
          await writeOil(repo, `${day(client, row)},${client}\n`)
          const { pushed } = await sync(repo, {
            push: { ...transfer(), who },
            pull: { ...transfer(), committer: who },
          })
          expect(statuses(pushed)).toEqual(['refs/heads/main fast-forward'])
        }
      }),
    )
    await pullInto(bob)
    const rows = (await readOil(bob)).trim().split('\n')
    expect(rows).toHaveLength(2 + 3 * 5)
    expect(await problems(server)).toEqual([])
  })
})

describe('a push', () => {
  it('of a history that is cut off goes only where the rest is, and says so', async () => {
    await writeOil(ann, '2026-08-18,67\n')
    await pushFrom(ann)
    const cut = await net.clone('server', 'cut', { depth: 1 })
    await net.bare('empty')
    const toEmpty = { remote: 'empty', refspecs: ['main'] }
    await expect(pushFrom(cut, toEmpty)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('history here is cut off before'),
      hint: expect.stringContaining('varve fetch --unshallow'),
    })
    await writeOil(cut, '2026-08-19,68\n')
    expect(statuses(await pushFrom(cut))).toEqual(['refs/heads/main fast-forward'])
    await fetchInto(cut, { unshallow: true })
    expect(statuses(await pushFrom(cut, toEmpty))).toEqual(['refs/heads/main new'])
  })

  it('to a mirror takes along all but what shows remotes here, and takes away what is not here', async () => {
    await net.bare('mirror')
    await addRemote(bob, { name: 'mirror', url: 'mirror', mirror: true })
    await createTag(bob, { name: 'v1', who })
    const pushed = await pushFrom(bob, { remote: 'mirror' })
    expect(statuses(pushed).sort()).toEqual(['refs/heads/main new', 'refs/tags/v1 new'])
    await pushFrom(ann, { remote: 'mirror', refspecs: ['main:refs/heads/gone'] })
    const again = await pushFrom(bob, { remote: 'mirror' })
    expect(statuses(again)).toContain('refs/heads/gone deleted')
  })
})

describe('remotes', () => {
  it('are renamed and removed with what shows them', async () => {
    await renameRemote(bob, { from: 'origin', to: 'up', who })
    expect(await tip(bob, 'up/main')).toBe(await tip(bob, '@{u}'))
    await expect(tip(bob, 'origin/main')).rejects.toMatchObject({ code: 'revision-not-found' })
    expect(await removeRemote(bob, { name: 'up', who })).toEqual(['refs/remotes/up/main'])
    expect((await status(bob)).tracking).toBeUndefined()
  })

  it('are where -c says, whatever the file says', async () => {
    await addRemote(bob, { name: 'x', url: 'nowhere' })
    const config = repositoryConfig({
      own: [{ key: 'remote.x.url', value: 'nowhere' }],
      stronger: [{ key: 'remote.x.url', value: 'server' }],
    })
    const fetched = await fetchInto({ ...bob, config }, { remote: 'x', refspecs: ['main'] })
    expect(fetched.url).toBe('server')
  })

  it('take no name or URL that could be something else', async () => {
    for (const name of ['-x', '', 'a..b', 'a b', '../x', 'a\u001b']) {
      await expect(addRemote(bob, { name, url: 'server' })).rejects.toMatchObject({
        code: 'invalid-name',
      })
    }
    for (const url of ['', '--upload-pack=x', 'a\nb', 'https://me:secret@host/x']) {
      await expect(addRemote(bob, { name: 'x', url })).rejects.toMatchObject({
        code: 'invalid-value',
      })
    }
    await expect(addRemote(bob, { name: 'origin', url: 'x' })).rejects.toMatchObject({
      code: 'already-exists',
    })
  })

  it('are shown with how they stand to what is here', async () => {
    await writeOil(ann, '2026-08-18,67\n')
    const shown = await showRemote(ann, { ...transfer(), name: 'origin' })
    expect(shown).toMatchObject({
      head: 'main',
      branches: [{ name: 'main', state: 'tracked' }],
      following: [{ branch: 'main', follows: 'main' }],
      pushes: [{ branch: 'main', state: 'can be moved on' }],
    })
    expect(isId(shown.branches[0]!.id!)).toBe(true)
  })

  it('let a branch follow another', async () => {
    await switchBranch(bob, { create: 'own', who })
    expect(await setUpstream(bob, { upstream: 'origin/main' })).toEqual({
      branch: 'own',
      upstream: 'refs/remotes/origin/main',
    })
    await expect(setUpstream(bob, { upstream: 'origin/none' })).rejects.toMatchObject({
      code: 'ref-not-found',
    })
  })
})

describe('what a repository says of pushes in its configuration', () => {
  it('holds where it is pushed to in process: no deletes, and no rewriting, not even by force', async () => {
    await configure(server, 'receive.denyDeletes', 'yes')
    await configure(server, 'receive.denyNonFastForwards', 'on')
    await writeOil(ann, '2026-08-18,67\n')
    await pushFrom(ann)
    const deleted = await pushFrom(ann, { refspecs: ['main'], remote: 'origin', delete: true })
    const rewritten = await pushFrom(bob, { force: true })
    expect([...deleted.refs, ...rewritten.refs].map(({ reason }) => reason)).toEqual([
      'remote rejected: refs are not deleted here',
      'remote rejected: history is not rewritten here',
    ])
    expect(await tip(server, 'main')).toBe(await tip(ann))
  })

  it('keeps the current branch from being deleted, unless told', async () => {
    await pushFrom(ann, { refspecs: ['main:other'] })
    const remove = (branch: string) => pushFrom(ann, { refspecs: [branch], delete: true })
    expect((await remove('main')).refs[0]).toMatchObject({
      status: 'rejected',
      reason: 'remote rejected: it is the current branch there',
    })
    expect(statuses(await remove('other'))).toEqual(['refs/heads/other deleted'])
    await configure(server, 'receive.denyDeleteCurrent', 'ignore')
    expect(statuses(await remove('main'))).toEqual(['refs/heads/main deleted'])
  })

  it('holds where only files are there: in a bucket', async () => {
    const storage = createMemoryStorage()
    const { repo } = await initRepository({ storage, who })
    const far = { ...repo, farFiles: bucketFiles(storage) }
    const connect: Connect = async (from) =>
      openRemote(from, { kind: 's3', bucket: 'b', prefix: '' }, async () =>
        carryTo(far, { client: who, now: () => who, location: 's3://b' }),
      )
    const to = { remote: 's3://b', connect, refspecs: ['main'], force: true }
    await pushFrom(ann, to)
    const config = '[receive]\n\tdenyNonFastForwards = true\n\tdenyDeletes = true\n'
    await storage.putIfAbsent('config', Buffer.from(config))
    await writeOil(ann, '2026-08-18,67\n')
    await pushFrom(ann, to)
    const rewritten = await pushFrom(bob, to)
    const deleted = await pushFrom(ann, { ...to, delete: true })
    expect([...rewritten.refs, ...deleted.refs].map(({ reason }) => reason)).toEqual([
      'remote rejected: history is not rewritten here',
      'remote rejected: refs are not deleted here',
    ])
  })

  it('limits what one push may bring, and is refused where it cannot be understood', async () => {
    await writeOil(ann, '2026-08-18,67\n')
    await configure(server, 'receive.maxInputSize', '10')
    await expect(pushFrom(ann)).rejects.toMatchObject({ code: 'too-large' })
    await configure(server, 'receive.maxInputSize', 'much')
    await expect(pushFrom(ann)).rejects.toMatchObject({ code: 'invalid-value' })
    await configure(server, 'receive.maxInputSize', '1m')
    expect(statuses(await pushFrom(ann))).toEqual(['refs/heads/main fast-forward'])
  })

  it('can let a push move the branch that a work tree stands on', async () => {
    await writeOil(ann, '2026-08-18,67\n')
    const toBob = { remote: 'bob', refspecs: ['main'] }
    expect(statuses(await pushFrom(ann, toBob))).toEqual(['refs/heads/main rejected'])
    await configure(bob, 'receive.denyCurrentBranch', 'ignore')
    expect(statuses(await pushFrom(ann, toBob))).toEqual(['refs/heads/main fast-forward'])
  })
})

describe('undo', () => {
  it('passes over a push and a fetch, which only moved refs that show others', async () => {
    const before = await tip(ann)
    await writeOil(ann, '2026-08-18,67\n')
    await pushFrom(ann)
    const shown = await tip(ann, 'origin/main')
    const { refs } = await undo(ann, { who })
    expect(refs.map(({ name }) => name)).toEqual(['refs/heads/main'])
    expect(await tip(ann)).toBe(before)
    expect(await tip(ann, 'origin/main')).toBe(shown)
  })
})
