import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  findRepositoryFolder,
  initRepositoryFolder,
  makeRepositoryFolder,
  repositoryFolderAt,
} from '../../src/storage/repository-folder.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = temporaryFolder()
const newFolder = (): Promise<string> => mkdtemp(join(root, 'folder-'))

describe('repository folder', () => {
  it('is found from anywhere inside the work tree', async () => {
    const top = await newFolder()
    expect(await initRepositoryFolder(join(top, '.varve'))).toBe(true)
    expect(await initRepositoryFolder(join(top, '.varve'))).toBe(false)
    await mkdir(join(top, 'a', 'b'), { recursive: true })
    const expected = { folder: join(top, '.varve'), workTree: top }
    for (const start of ['.', 'a', 'a/b', 'a/none', '.varve', '.varve/log']) {
      expect(findRepositoryFolder(join(top, start))).toEqual(expected)
    }
    expect(repositoryFolderAt(top)).toEqual(expected)
    expect(repositoryFolderAt(join(top, '.varve'))).toEqual(expected)
    expect(repositoryFolderAt(join(top, 'a'))).toBeUndefined()
  })

  it('may be bare', async () => {
    const top = await newFolder()
    const folder = join(top, 'prices.varve')
    await initRepositoryFolder(folder)
    expect(findRepositoryFolder(folder)).toEqual({ folder })
    expect(findRepositoryFolder(join(folder, 'packs'))).toEqual({ folder })
    expect(findRepositoryFolder(top)).toBeUndefined()
    expect(repositoryFolderAt(folder)).toEqual({ folder })
    expect(repositoryFolderAt(join(top, 'prices'))).toEqual({ folder })
  })

  it('is made where nothing is yet, and goes again with all above it that was made', async () => {
    const top = await newFolder()
    const folder = join(top, 'new', 'er')
    const made = await makeRepositoryFolder(folder, join(folder, '.varve'))
    expect(repositoryFolderAt(folder)).toEqual({ folder: join(folder, '.varve'), workTree: folder })
    await made.discard()
    expect(readdirSync(top)).toEqual([])
    const inEmpty = await makeRepositoryFolder(top, top)
    expect(repositoryFolderAt(top)).toEqual({ folder: top })
    await inEmpty.discard()
    expect(readdirSync(top)).toEqual([])
    await writeFile(join(top, 'file'), 'x')
    for (const taken of [top, join(top, 'file')]) {
      await expect(makeRepositoryFolder(taken, taken)).rejects.toMatchObject({
        code: 'already-exists',
      })
    }
    const below = join(top, 'file', 'x')
    await expect(makeRepositoryFolder(below, below)).rejects.toMatchObject({
      code: 'io',
    })
    expect(repositoryFolderAt(join(top, 'file'))).toBeUndefined()
  })

  it.each(['log', 'checkpoints'])(
    'is one also where only the files were copied: %s',
    async (name) => {
      const top = await newFolder()
      await mkdir(join(top, 'copy', name), { recursive: true })
      await writeFile(join(top, 'copy', name, 'hint'), '')
      expect(repositoryFolderAt(join(top, 'copy'))).toBeUndefined()
      await writeFile(join(top, 'copy', name, '000000000001'), '')
      expect(repositoryFolderAt(join(top, 'copy'))).toEqual({ folder: join(top, 'copy') })
    },
  )

  it('is not any folder with a like name', async () => {
    const top = await newFolder()
    await mkdir(join(top, '.varve', 'log'), { recursive: true })
    expect(findRepositoryFolder(top)).toBeUndefined()
    expect(repositoryFolderAt(top)).toBeUndefined()
  })
})
