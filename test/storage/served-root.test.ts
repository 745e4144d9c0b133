import { spawnSync } from 'node:child_process'
import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import { changeSecretFile, readSecretFile, secretFileStamp } from '../../src/storage/secret-file.ts'
import { openServedRoot } from '../../src/storage/served-root.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function served() {
  const folder = temporaryFolder()
  const root = join(folder, 'root')
  mkdirSync(join(root, 'a/b'), { recursive: true })
  await initRepositoryFolder(join(root, 'a/b/.varve'))
  await initRepositoryFolder(join(root, 'bare.varve'))
  mkdirSync(join(folder, 'outside'))
  await initRepositoryFolder(join(folder, 'outside/.varve'))
  return { folder, root }
}

describe('a served root', () => {
  it('has the repositories below it, and no others', async () => {
    const { folder, root } = await served()
    const found = (path: string) => openServedRoot(root).find(path)?.folder
    expect(found('a/b')).toBe(join(root, 'a/b/.varve'))
    expect(found('bare')).toBe(join(root, 'bare.varve'))
    expect(found('bare.varve')).toBe(join(root, 'bare.varve'))
    for (const path of [
      '',
      'a',
      'c',
      '../outside',
      'a/../../outside',
      'a/b/.varve',
      '/a/b',
      'a//b',
      'a\0b',
    ]) {
      expect(found(path)).toBeUndefined()
    }
    expect(openServedRoot(join(root, 'a/b')).find('')?.folder).toBe(join(root, 'a/b/.varve'))
    expect(() => openServedRoot(join(folder, 'none'))).toThrow(/no folder/)
  })

  it('follows no link out of it, on the way or within a repository', async () => {
    const { folder, root } = await served()
    const found = (path: string) => openServedRoot(root).find(path)?.folder
    symlinkSync(join(folder, 'outside'), join(root, 'linked'))
    symlinkSync(join(root, 'a'), join(root, 'inside'))
    expect(found('linked')).toBeUndefined()
    expect(found('inside/b')).toBeDefined()

    rmSync(join(root, 'a/b/.varve/packs'), { recursive: true })
    symlinkSync(join(folder, 'outside/.varve/packs'), join(root, 'a/b/.varve/packs'))
    expect(found('a/b')).toBeUndefined()

    rmSync(join(root, 'bare.varve/tmp'), { recursive: true })
    symlinkSync(join(folder, 'not-yet'), join(root, 'bare.varve/tmp'))
    expect(found('bare')).toBeUndefined()
  })
})

describe('a secret file', () => {
  it('is written for its owner alone, and is refused where others can read or change it', async () => {
    const path = join(temporaryFolder(), 'tokens')
    expect(await readSecretFile(path, 'read')).toBeUndefined()
    expect(secretFileStamp(path)).toBeUndefined()

    await changeSecretFile(path, () => Buffer.from('one'))
    const first = await readSecretFile(path, 'read')
    expect(Buffer.from(first!.bytes).toString()).toBe('one')
    expect(secretFileStamp(path)).toBe(first!.stamp)

    await changeSecretFile(path, () => Buffer.from('two'))
    expect(secretFileStamp(path)).not.toBe(first!.stamp)

    chmodSync(path, 0o644)
    await expect(readSecretFile(path, 'read')).rejects.toMatchObject({ code: 'refused' })
    expect(await readSecretFile(path, 'write')).toBeDefined()
    chmodSync(path, 0o620)
    await expect(readSecretFile(path, 'write')).rejects.toMatchObject({ code: 'refused' })
  })
  it('is changed by many at once, and no change is lost', async () => {
    const path = join(temporaryFolder(), 'tokens')
    const add = (name: string) =>
      changeSecretFile(path, (bytes) => Buffer.from(`${bytes ?? ''}${name}\n`))
    const names = Array.from({ length: 20 }, (_, at) => `name-${at}`)
    await Promise.all(names.map(add))
    const { bytes } = (await readSecretFile(path, 'read'))!
    expect(Buffer.from(bytes).toString().trim().split('\n').sort()).toEqual([...names].sort())
    expect(readdirSync(dirname(path))).toEqual(['tokens'])
  })

  it('is left as it is by a change that fails, and by one that meets what a killed one left', async () => {
    const path = join(temporaryFolder(), 'tokens')
    const failing = changeSecretFile(path, () => {
      throw new VarveError('bad-input', 'no')
    })
    await expect(failing).rejects.toMatchObject({ code: 'bad-input' })
    expect(readdirSync(dirname(path))).toEqual([])
    writeFileSync(`${path}.lock`, '')
    const blocked = changeSecretFile(path, () => Buffer.from('one'))
    await expect(blocked).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('.lock'),
    })
    expect(secretFileStamp(path)).toBeUndefined()
  })

  it('is changed by many though one was killed at it, and what that one left goes', async () => {
    const path = join(temporaryFolder(), 'tokens')
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    writeFileSync(path, 'before\n', { mode: 0o600 })
    writeFileSync(`${path}.lock`, `${pid}\n`)
    writeFileSync(`${path}.${pid}-0123456789abcdef`, 'half')
    writeFileSync(`${path}.lock.${pid}-0123456789abcdef`, `${pid}\n`)

    const add = (name: string) =>
      changeSecretFile(path, (bytes) => Buffer.from(`${bytes ?? ''}${name}\n`))
    await Promise.all(['a', 'b', 'c', 'd'].map(add))

    const { bytes } = (await readSecretFile(path, 'read'))!
    const lines = Buffer.from(bytes).toString().trim().split('\n').sort()
    expect(lines).toEqual(['a', 'b', 'before', 'c', 'd'])
    expect(readdirSync(dirname(path))).toEqual(['tokens'])
  })

  it('is changed after one that was killed in a folder that may not be listed', async () => {
    const path = join(temporaryFolder(), 'tokens')
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    writeFileSync(`${path}.lock`, `${pid}\n`)
    const denied = Object.assign(new Error('EACCES'), { code: 'EACCES' })
    const spy = vi.spyOn(fs.promises, 'readdir').mockRejectedValueOnce(denied)
    await changeSecretFile(path, () => Buffer.from('one'))
    expect(spy).toHaveBeenCalledOnce()
    spy.mockRestore()
    expect(readdirSync(dirname(path))).toEqual(['tokens'])
  })

  it('is left as it is, with nothing beside it, where the disk is full', async () => {
    const path = join(temporaryFolder(), 'tokens')
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    for (const writes of [0, 1]) {
      const write = fs.writeSync
      const spy = vi.spyOn(fs, 'writeSync')
      for (let i = 0; i < writes; i++) spy.mockImplementationOnce(write)
      spy.mockImplementationOnce(() => {
        throw full
      })
      await expect(changeSecretFile(path, () => Buffer.from('one'))).rejects.toMatchObject({
        code: 'disk-full',
      })
      spy.mockRestore()
      expect(readdirSync(dirname(path))).toEqual([])
    }
  })

  it('is left as it is by a change whose lock another has taken over', async () => {
    const path = join(temporaryFolder(), 'tokens')
    const late = changeSecretFile(path, () => {
      renameSync(`${path}.lock`, `${path}.gone`)
      writeFileSync(`${path}.lock`, '1\n')
      return Buffer.from('late')
    })
    await expect(late).rejects.toMatchObject({ code: 'conflict' })
    expect(secretFileStamp(path)).toBeUndefined()
    expect(readdirSync(dirname(path)).sort()).toEqual(['tokens.gone', 'tokens.lock'])
  })
})
