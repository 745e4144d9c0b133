import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { bundleBytes, planBundle } from '../../src/plumbing/bundle.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { resolveCommit } from '../../src/plumbing/resolve-revision.ts'
import { fetch } from '../../src/porcelain/fetch.ts'
import { createTag } from '../../src/porcelain/tag.ts'
import { type BundleFile, openBundle } from '../../src/transport/bundle.ts'
import { documentedExamples } from '../support/golden.ts'
import { readOil, who, world, writeOil } from '../support/remotes.ts'
import { collect } from '../support/repositories.ts'
import { temporaryFolder } from '../support/temporary.ts'

const net = world()
let ann: Repository

const bytesOf = async (revisions: readonly string[], all = false): Promise<Buffer> =>
  Buffer.concat(await collect(bundleBytes(ann, await planBundle(ann, { revisions, all }))))

const fileOf = (bytes: Uint8Array): BundleFile => ({
  location: 'a.bundle',
  size: bytes.length,
  range: async (from, to) => bytes.subarray(from, to),
})

function put(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'a.bundle')
  writeFileSync(path, bytes)
  return path
}

beforeEach(async () => {
  await net.bare('server')
  ann = await net.clone('server', 'ann')
  await writeOil(ann, '2026-08-14,65.5\n')
})

describe('a bundle', () => {
  it('has the bytes that its page shows', async () => {
    const [example] = documentedExamples('format/bundle.md').values()
    expect((await bytesOf(['main'])).toString('hex')).toBe(example)
  })

  it('is cloned and fetched from, and holds what came after what it leaves out', async () => {
    await createTag(ann, { name: 'v1', message: 'as published', who })
    const all = put(await bytesOf([], true))
    const bob = await net.clone(all, 'bob')
    expect(await readOil(bob)).toBe('2026-08-14,65.5\n')
    await writeOil(ann, '2026-08-15,66\n')
    const news = put(await bytesOf(['v1..main']))
    const fetched = await fetch(bob, {
      connect: net.connect,
      who,
      remote: news,
      refspecs: ['main'],
    })
    expect(fetched.heads).toEqual([
      { name: 'refs/heads/main', id: (await ann.refs.state()).refs.get('refs/heads/main') },
    ])
    expect(await resolveCommit(bob, 'FETCH_HEAD')).toBe(fetched.heads[0]!.id)
    const carol = await net.bare('carol')
    await expect(
      fetch(carol, { connect: net.connect, who, remote: news, refspecs: ['main'] }),
    ).rejects.toMatchObject({ code: 'refused' })
    expect((await carol.refs.state()).number).toBe(1)
  })

  it('is refused wherever one of its bytes is another, or it is cut short', async () => {
    const bytes = await bytesOf(['main'])
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= 1 << (at % 8)
      const isVersion = at === 7
      await expect(openBundle(fileOf(flipped))).rejects.toMatchObject({
        code: isVersion ? 'unsupported-format' : 'bad-input',
      })
      await expect(openBundle(fileOf(bytes.subarray(0, at)))).rejects.toMatchObject({
        code: 'bad-input',
      })
    }
  })

  it('needs a branch or a tag', async () => {
    await expect(planBundle(ann, { revisions: ['HEAD~0'] })).rejects.toMatchObject({
      code: 'refused',
    })
  })
})
