import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  findRepositoryFolder,
  initRepositoryFolder,
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

  it('is not any folder with a like name', async () => {
    const top = await newFolder()
    await mkdir(join(top, '.varve', 'log'), { recursive: true })
    expect(findRepositoryFolder(top)).toBeUndefined()
    expect(repositoryFolderAt(top)).toBeUndefined()
  })
})
