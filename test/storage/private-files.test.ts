import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import {
  createMemoryPrivateFiles,
  openPrivateFiles,
  type PrivateFiles,
} from '../../src/storage/private-files.ts'
import { openVersionedFile } from '../../src/storage/versioned-file.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = temporaryFolder()
const newFolder = (): Promise<string> => mkdtemp(join(root, 'private-'))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (found: Uint8Array | undefined): string | undefined =>
  found && new TextDecoder().decode(found)

const kinds: [string, () => Promise<PrivateFiles>][] = [
  ['file system', async () => openPrivateFiles(await newFolder())],
  ['memory', async () => createMemoryPrivateFiles()],
]

describe.each(kinds)('private files: %s', (_, open) => {
  it('are read, replaced and removed', async () => {
    const files = await open()
    expect(await files.read('HEAD')).toBeUndefined()
    await files.write('HEAD', bytes('ref: refs/heads/main\n'))
    await files.write('HEAD', bytes('x'))
    expect(text(await files.read('HEAD'))).toBe('x')
    await files.remove('HEAD')
    await files.remove('HEAD')
    expect(await files.read('HEAD')).toBeUndefined()
  })

  it('are not changed by later changes to a buffer, nor by a reader', async () => {
    const files = await open()
    const index = files.versioned('index')
    const buffer = Buffer.from('before')
    await files.write('HEAD', buffer)
    await index.replace(0, buffer)
    buffer.fill(0)
    ;(await files.read('HEAD'))!.fill(0)
    ;(await index.read())!.bytes.fill(0)
    expect(text(await files.read('HEAD'))).toBe('before')
    expect(text((await index.read())!.bytes)).toBe('before')
  })

  it.each(['', '..', '.x', 'a/b', 'a\\b', 'ä'])('refuse the name %j', async (name) => {
    const files = await open()
    await expect(files.read(name)).rejects.toSatisfy((e) => hasCode(e, 'invalid-name'))
    await expect(files.write(name, bytes(''))).rejects.toSatisfy((e) => hasCode(e, 'invalid-name'))
    expect(() => files.versioned(name)).toThrow(/private file/)
  })

  it('replace a versioned file only from the version that is there', async () => {
    const files = await open()
    const index = files.versioned('index')
    expect(await index.read()).toBeUndefined()
    expect(await index.replace(1, bytes('too soon'))).toBeUndefined()
    expect(await index.replace(0, bytes('one'))).toBe(1)
    expect(await index.replace(0, bytes('late'))).toBeUndefined()
    expect(await files.versioned('index').replace(1, bytes('two'))).toBe(2)
    const found = await index.read()
    expect([found?.version, text(found?.bytes)]).toEqual([2, 'two'])
  })

  it('lose no change of many writers that retry', async () => {
    const files = await open()
    let lost = 0
    const add = async (word: string): Promise<void> => {
      const index = files.versioned('index')
      for (;;) {
        const found = await index.read()
        const next = bytes(`${text(found?.bytes) ?? ''}${word} `)
        if ((await index.replace(found?.version ?? 0, next)) !== undefined) return
        lost++
      }
    }
    const words = Array.from({ length: 40 }, (_, i) => `word${i}`)
    await Promise.all(words.map(add))
    const found = text((await files.versioned('index').read())?.bytes) ?? ''
    expect(found.trim().split(' ').sort()).toEqual([...words].sort())
    expect(lost).toBeGreaterThan(0)
  })
})

describe('private files on disk', () => {
  it('are flushed before they replace the old: file, then folder', async () => {
    const folder = await newFolder()
    const synced: string[] = []
    const files = openPrivateFiles(folder, { onSync: (path) => synced.push(path) })
    await files.write('config', bytes('a'))
    synced.length = 0
    await files.write('config', bytes('b'))
    expect(synced).toEqual([expect.stringContaining('tmp'), folder])
    synced.length = 0
    await files.versioned('index').replace(0, bytes('c'))
    expect(synced).toEqual([expect.stringContaining('tmp'), folder])
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  })

  it('keep one version of a versioned file', async () => {
    const folder = await newFolder()
    const index = openPrivateFiles(folder).versioned('index')
    for (let version = 0; version < 5; version++) await index.replace(version, bytes('x'))
    expect(readdirSync(folder).sort()).toEqual(['index.5', 'tmp'])
  })

  it('do not take a version that was freed for a new one', async () => {
    const folder = await newFolder()
    const index = openVersionedFile(join(folder, 'index'), join(folder, 'tmp'))
    await index.replace(0, bytes('one'))
    const first = await readFile(join(folder, 'index.1'))
    await index.replace(1, bytes('two'))
    // As a writer would that stalled after reading version 0 and goes on now.
    await writeFile(join(folder, 'index.1'), first)
    expect((await index.read())?.version).toBe(2)
    expect(await index.replace(2, bytes('three'))).toBe(3)
    expect(readdirSync(folder).sort()).toEqual(['index.3', 'tmp'])
  })

  it('refuse any damage', async () => {
    const folder = await newFolder()
    const index = openVersionedFile(join(folder, 'index'), join(folder, 'tmp'))
    await index.replace(0, bytes('some content'))
    const path = join(folder, 'index.1')
    const good = await readFile(path)
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good)
      bad[at]! ^= 1 << (at % 8)
      await writeFile(path, bad)
      await expect(index.read()).rejects.toSatisfy(
        (e) => hasCode(e, 'corrupt-file') || (at === 7 && hasCode(e, 'unsupported-format')),
      )
    }
    for (let length = 0; length < good.length; length++) {
      await writeFile(path, good.subarray(0, length))
      await expect(index.read()).rejects.toSatisfy((e) => hasCode(e, 'corrupt-file'))
    }
  })
})
