import fs, { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, realpath, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import { lookAt, removeEmptyFolders } from '../../src/storage/work-path.ts'
import { openWorkTree, type WorkTree } from '../../src/storage/work-tree.ts'
import { temporaryFolder } from '../support/temporary.ts'

const outside = temporaryFolder()

async function newTree(): Promise<{ root: string; tree: WorkTree }> {
  const root = await realpath(await mkdtemp(join(outside, 'tree-')))
  await mkdir(join(root, '.varve'))
  return { root, tree: openWorkTree(root, join(root, '.varve', 'tmp')) }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function readText(tree: WorkTree, path: string): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of tree.read(path)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

async function paths(tree: WorkTree, folder?: string): Promise<string[]> {
  const found: string[] = []
  for await (const { path } of tree.list(folder)) found.push(path)
  return found
}

/** An error as the system gives it. */
const ofSystem = (code: string): Error => Object.assign(new Error(code), { code })

const refused = (e: unknown): boolean => hasCode(e, 'refused')
const invalid = (e: unknown): boolean => hasCode(e, 'invalid-name')

describe('work tree', () => {
  it('writes, reads and removes files, with their folders', async () => {
    const { root, tree } = await newTree()
    const written = await tree.write('a/b/c.csv', [bytes('one,'), bytes('two')])
    expect(written.size).toBe(7)
    expect(await readText(tree, 'a/b/c.csv')).toBe('one,two')
    expect(await tree.stat('a/b/c.csv')).toEqual(written)
    expect(await tree.stat('a/b')).toBeUndefined()
    expect(await tree.stat('a/b/c.csv/d')).toBeUndefined()
    await tree.write('a/d.csv', [])
    expect(await tree.remove('a/b/c.csv')).toBe(true)
    expect(await tree.remove('a/b/c.csv')).toBe(false)
    expect(readdirSync(join(root, 'a'))).toEqual(['d.csv'])
    expect(await tree.remove('a/d.csv')).toBe(true)
    expect(existsSync(join(root, 'a'))).toBe(false)
    expect(existsSync(root)).toBe(true)
    await expect(readText(tree, 'a/d.csv')).rejects.toSatisfy((e) => hasCode(e, 'file-not-found'))
  })

  it('reads large files in pieces', async () => {
    const { tree } = await newTree()
    const large = 'x'.repeat(1_000_000)
    await tree.write('large.csv', [bytes(large)])
    expect(await readText(tree, 'large.csv')).toBe(large)
  })

  it('leaves a file as it was when writing fails or is interrupted', async () => {
    const { root, tree } = await newTree()
    await tree.write('a.csv', [bytes('before')])
    async function* failing(): AsyncIterable<Uint8Array> {
      yield bytes('half')
      throw new Error('source failed')
    }
    await expect(tree.write('a.csv', failing())).rejects.toThrow('source failed')
    const signal = AbortSignal.abort()
    await expect(tree.write('a.csv', [bytes('x')], { signal })).rejects.toSatisfy((e) =>
      hasCode(e, 'interrupted'),
    )
    expect(await readText(tree, 'a.csv')).toBe('before')
    expect(readdirSync(join(root, '.varve', 'tmp'))).toEqual([])
  })

  it('keeps the permissions of a file that it replaces', async () => {
    const { root, tree } = await newTree()
    await tree.write('a.csv', [bytes('1')])
    await chmod(join(root, 'a.csv'), 0o640)
    await tree.write('a.csv', [bytes('2')])
    expect((await stat(join(root, 'a.csv'))).mode & 0o777).toBe(0o640)
  })

  it('sees that a file changed', async () => {
    const { root, tree } = await newTree()
    const before = await tree.write('a.csv', [bytes('1')])
    await writeFile(join(root, 'a.csv'), '2')
    const after = await tree.stat('a.csv')
    expect(after?.size).toBe(1)
    expect(after?.ctimeNs).not.toBe(before.ctimeNs)
  })

  it.each([
    '..',
    '../x',
    'a/../../x',
    '/etc/passwd',
    '',
    'a//b',
    './a',
    '.varve/HEAD',
    '.VARVE/x',
    'a\0b',
  ])('takes no path that is not of the tree: %j', async (path) => {
    const { tree } = await newTree()
    await expect(tree.stat(path)).rejects.toSatisfy(invalid)
    await expect(readText(tree, path)).rejects.toSatisfy(invalid)
    await expect(tree.write(path, [])).rejects.toSatisfy(invalid)
    await expect(tree.remove(path)).rejects.toSatisfy(invalid)
    expect(() => tree.resolve(path)).toThrow()
  })

  it.each(['CON', 'a/nul.csv', 'a:b', 'a\\b', 'x. ', 'a/.varve/b'])(
    'writes no name that is unsafe elsewhere: %j',
    async (path) => {
      const { tree } = await newTree()
      await expect(tree.write(path, [])).rejects.toSatisfy(invalid)
    },
  )

  it('follows links that stay inside, for reading only', async () => {
    const { root, tree } = await newTree()
    await tree.write('data/a.csv', [bytes('inside')])
    await symlink(join(root, 'data', 'a.csv'), join(root, 'link.csv'))
    await symlink(join(root, 'data'), join(root, 'folder'))
    expect(await readText(tree, 'link.csv')).toBe('inside')
    expect(await readText(tree, 'folder/a.csv')).toBe('inside')
    await expect(tree.write('link.csv', [bytes('x')])).rejects.toSatisfy(refused)
    await expect(tree.write('folder/a.csv', [bytes('x')])).rejects.toSatisfy(refused)
    await expect(tree.write('folder/new/b.csv', [bytes('x')])).rejects.toSatisfy(refused)
    await expect(tree.remove('link.csv')).rejects.toSatisfy(refused)
    await expect(tree.remove('folder/a.csv')).rejects.toSatisfy(refused)
    expect(await readText(tree, 'data/a.csv')).toBe('inside')
    expect(existsSync(join(root, 'data', 'new'))).toBe(false)
  })

  it('neither reads nor writes through a link that leads out', async () => {
    const { root, tree } = await newTree()
    const secret = await mkdtemp(join(outside, 'secret-'))
    await writeFile(join(secret, 'key'), 'secret')
    await symlink(join(secret, 'key'), join(root, 'key.csv'))
    await symlink(secret, join(root, 'folder'))
    await symlink(join(secret, 'none'), join(root, 'dangling.csv'))
    await symlink(join(root, '.varve'), join(root, 'own'))
    await writeFile(join(root, '.varve', 'HEAD'), 'ref')
    for (const path of ['key.csv', 'folder/key', 'own/HEAD']) {
      await expect(readText(tree, path)).rejects.toSatisfy(refused)
      await expect(tree.stat(path)).rejects.toSatisfy(refused)
      await expect(tree.write(path, [bytes('x')])).rejects.toSatisfy(refused)
      await expect(tree.remove(path)).rejects.toSatisfy(refused)
    }
    await expect(tree.write('dangling.csv', [bytes('x')])).rejects.toSatisfy(refused)
    expect(readdirSync(secret)).toEqual(['key'])
    expect(readFileSync(join(secret, 'key'), 'utf8')).toBe('secret')
    expect(await paths(tree)).toEqual([])
  })

  it('replaces neither folders nor files with the other', async () => {
    const { tree } = await newTree()
    await tree.write('a/b.csv', [bytes('x')])
    await expect(tree.write('a', [bytes('x')])).rejects.toSatisfy(refused)
    await expect(tree.write('a/b.csv/c', [bytes('x')])).rejects.toSatisfy(refused)
    await expect(tree.remove('a')).rejects.toSatisfy(refused)
    expect(await readText(tree, 'a/b.csv')).toBe('x')
  })

  it('lists files by the bytes of their paths, without its own folder and other repositories', async () => {
    const { root, tree } = await newTree()
    const names = ['b.csv', 'a/z.csv', 'a.csv', 'a/b/c.csv', '\uff5e.csv', '😀.csv', 'A.csv']
    for (const name of names) await tree.write(name, [bytes('x')])
    await writeFile(join(root, '.varve', 'x'), 'x')
    await mkdir(join(root, 'other', '.varve'), { recursive: true })
    await writeFile(join(root, 'other', 'x.csv'), 'x')
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff, 0x2e)]), 'x')
    expect(await paths(tree)).toEqual([
      'A.csv',
      'a.csv',
      'a/b/c.csv',
      'a/z.csv',
      'b.csv',
      '\uff5e.csv',
      '😀.csv',
    ])
    expect(await paths(tree, 'a')).toEqual(['a/b/c.csv', 'a/z.csv'])
    expect(await paths(tree, 'none')).toEqual([])
  })

  it('tells where a path of the user is in the tree', async () => {
    const { root, tree } = await newTree()
    await mkdir(join(root, 'a'))
    await symlink(root, `${root}-link`)
    expect(tree.locate(join(root, 'a', 'x.csv'))).toBe('a/x.csv')
    expect(tree.locate(join(`${root}-link`, 'a', 'x.csv'))).toBe('a/x.csv')
    expect(tree.locate(root)).toBe('')
    expect(tree.locate(`${root}-link`)).toBe('')
    expect(tree.locate(join(root, '..', 'x.csv'))).toBeUndefined()
    expect(tree.locate(join(root, '.varve', 'HEAD'))).toBeUndefined()
    expect(tree.locate(`${root}x/a`)).toBeUndefined()
    expect(tree.locate(join(root, 'not', 'yet.csv'))).toBe('not/yet.csv')
  })

  it('leaves no folder where a file is not finished after all', async () => {
    const { root, tree } = await newTree()
    const prepared = await tree.prepare('new/er/x.csv', [bytes('x')])
    expect(existsSync(join(root, 'new', 'er'))).toBe(true)
    await prepared.discard()
    expect(readdirSync(root)).toEqual(['.varve'])
    await symlink(outside, join(root, 'link'))
    const refusedLater = await tree.prepare('link/x.csv', [bytes('x')])
    await expect(refusedLater.finish()).rejects.toSatisfy(refused)
    await refusedLater.discard()
    expect(readdirSync(join(root, '.varve', 'tmp'))).toEqual([])
  })

  it('replaces a file also where its temporary one is on another file system', async () => {
    const { root, tree } = await newTree()
    const spy = vi.spyOn(fs, 'renameSync').mockImplementation(() => {
      throw ofSystem('EXDEV')
    })
    await tree.write('a.csv', [bytes('one')])
    expect(await readText(tree, 'a.csv')).toBe('one')
    spy.mockImplementation(() => {
      throw ofSystem('EIO')
    })
    await expect(tree.write('a.csv', [bytes('two')])).rejects.toMatchObject({ code: 'io' })
    spy.mockRestore()
    expect(await readText(tree, 'a.csv')).toBe('one')
    expect(readdirSync(root).sort()).toEqual(['.varve', 'a.csv'])
  })

  it('says which folder cannot be made, and uses one that another was faster to make', async () => {
    const { root, tree } = await newTree()
    const mkdir = fs.mkdirSync
    const spy = vi.spyOn(fs, 'mkdirSync').mockImplementation((path) => {
      mkdir(path)
      throw ofSystem('EEXIST')
    })
    await tree.write('a/b.csv', [bytes('one')])
    spy.mockImplementation((path) => {
      if (!String(path).includes('.varve')) throw ofSystem('ENOSPC')
      mkdir(path)
      return undefined
    })
    await expect(tree.write('c/b.csv', [bytes('one')])).rejects.toMatchObject({
      code: 'disk-full',
      data: { path: join(root, 'c') },
    })
    spy.mockRestore()
    expect(await readText(tree, 'a/b.csv')).toBe('one')
  })

  it('removes a file though its folder cannot be looked after, and says so', async () => {
    const { root, tree } = await newTree()
    await tree.write('a/b/c.csv', [bytes('one')])
    const spy = vi.spyOn(fs, 'rmdirSync').mockImplementation(() => {
      throw ofSystem('EIO')
    })
    await expect(tree.remove('a/b/c.csv')).rejects.toMatchObject({
      data: { path: join(root, 'a', 'b') },
    })
    spy.mockRestore()
    removeEmptyFolders(join(root, 'a'), join(outside, 'x', 'y'))
    expect(existsSync(join(root, 'a', 'b'))).toBe(true)
    expect(lookAt(join(root, '.varve', 'none', 'x'))).toBeUndefined()
    await writeFile(join(root, 'file'), '')
    expect(lookAt(join(root, 'file', 'x'))).toBeUndefined()
  })

  it('cannot say where a path of links in a circle leads', async () => {
    const { root, tree } = await newTree()
    await symlink(join(root, 'b'), join(root, 'a'))
    await symlink(join(root, 'a'), join(root, 'b'))
    expect(() => tree.locate(join(root, 'a', 'x.csv'))).toThrow(/too many symbolic links/)
  })
})
