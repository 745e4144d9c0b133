import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { linkFile, readFully, sweepTemporaryFiles } from '../../src/storage/durable.ts'
import { fileError, systemCode, withPath } from '../../src/storage/file-errors.ts'
import { linkPacks } from '../../src/storage/link-packs.ts'
import { folderAtLocation } from '../../src/storage/location.ts'
import { lookAtPath, readFile, readFileRange } from '../../src/storage/read-file.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = temporaryFolder()
let names = 0
const newPath = (): string => join(root, `file-${names++}`)
afterEach(() => vi.restoreAllMocks())

function written(text: string): string {
  const path = newPath()
  fs.writeFileSync(path, text)
  return path
}

async function textOf(path: string, signal?: AbortSignal): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of readFile(path, { ...(signal && { signal }) })) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

/** An error as the system gives it. */
const ofSystem = (code: string): Error => Object.assign(new Error(code), { code })

describe('errors of the file system', () => {
  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EACCES', 'permission-denied'],
    ['EPERM', 'permission-denied'],
    ['EROFS', 'permission-denied'],
    ['EIO', 'io'],
    ['EWHATEVER', 'io'],
  ])('%s is told as %s, with the path and what was done', (system, code) => {
    expect(fileError(ofSystem(system), 'write', '/a/b')).toMatchObject({
      code,
      message: expect.stringMatching(/^cannot write \/a\/b: ./),
      data: { path: '/a/b', system },
    })
  })

  it('are no others', async () => {
    const own = new VarveError('conflict', 'x', { data: { code: 'EIO' } })
    const odd = Object.assign(new Error('x'), { code: 7 })
    for (const error of ['text', new TypeError('x'), odd, own]) {
      expect(fileError(error, 'read', 'p')).toBe(error)
      if (error !== own) expect(systemCode(error)).toBeUndefined()
    }
    await expect(withPath('read', 'p', () => Promise.reject(own))).rejects.toBe(own)
  })
})

describe('a file that the user names', () => {
  it('is read in pieces, also one that is a pipe', async () => {
    expect(await textOf(written('some text'))).toBe('some text')
    expect(await textOf(written(''))).toBe('')
    const pipe = newPath()
    execFileSync('mkfifo', [pipe])
    expect(lookAtPath(pipe)?.kind).toBe('stream')
    const reading = textOf(pipe)
    await fs.promises.writeFile(pipe, 'through a pipe')
    expect(await reading).toBe('through a pipe')
  })

  it('is a pipe at whose other end nobody is, or somebody silent, until interrupted', async () => {
    const pipe = newPath()
    execFileSync('mkfifo', [pipe])
    const nobody = new AbortController()
    const waiting = textOf(pipe, nobody.signal)
    await sleep(50)
    nobody.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' })

    const silent = new AbortController()
    const reading = textOf(pipe, silent.signal)
    const writer = await fs.promises.open(pipe, 'w')
    await writer.write('some')
    await sleep(50)
    silent.abort()
    await expect(reading).rejects.toMatchObject({ code: 'interrupted' })
    await writer.close()
  })

  it('is not there, a folder, or below a file', async () => {
    const file = written('x')
    expect(lookAtPath(join(file, 'below'))).toBeUndefined()
    expect(lookAtPath(newPath())).toBeUndefined()
    expect(lookAtPath(root)?.kind).toBe('folder')
    expect(() => lookAtPath(`${root}/a\0b`)).toThrow()
    for (const path of [newPath(), join(file, 'below')]) {
      await expect(textOf(path)).rejects.toMatchObject({ data: { path } })
      await expect(readFileRange(path, 0, 4)).rejects.toMatchObject({ data: { path } })
    }
    await expect(textOf(root)).rejects.toMatchObject({ code: 'io' })
  })

  it('is read from a place on, as far as it goes, and no further when interrupted', async () => {
    const file = written('0123456789')
    expect(Buffer.from(await readFileRange(file, 3, 6)).toString()).toBe('345')
    expect(Buffer.from(await readFileRange(file, 8, 60)).toString()).toBe('89')
    await expect(textOf(file, AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('is lent in pieces that hold until the next is asked for', async () => {
    const bytes = Buffer.alloc(5_000_000)
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at)
    const path = newPath()
    fs.writeFileSync(path, bytes)
    let at = 0
    for await (const piece of readFile(path, { isLent: true })) {
      // Who reads ahead has had the time to.
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(bytes.subarray(at, at + piece.length).equals(piece)).toBe(true)
      at += piece.length
    }
    expect(at).toBe(bytes.length)
  })

  it.each([true, false])(
    'is refused where it is cut short while it is read, lent: %s',
    async (isLent) => {
      const path = newPath()
      fs.writeFileSync(path, Buffer.alloc(5_000_000, 0x37))
      const reading = async () => {
        for await (const _ of readFile(path, { isLent })) fs.truncateSync(path, 2_200_000)
      }
      await expect(reading()).rejects.toMatchObject({
        code: 'bad-input',
        data: { path, read: 2_200_000, size: 5_000_000 },
      })
    },
  )

  it('is closed when whoever has lent pieces has enough, or is interrupted', async () => {
    const path = written('0123456789'.repeat(300_000))
    const close = vi.spyOn(fs, 'closeSync')
    for await (const _ of readFile(path, { isLent: true })) break
    expect(close).toHaveBeenCalledTimes(1)
    const stop = new AbortController()
    const reading = async () => {
      const { signal } = stop
      for await (const _ of readFile(path, { isLent: true, signal })) stop.abort()
    }
    await expect(reading()).rejects.toMatchObject({ code: 'interrupted' })
    expect(close).toHaveBeenCalledTimes(2)
  })

  it('is cut short while it is read', async () => {
    const fd = fs.openSync(written('0123456789'), 'r')
    vi.spyOn(fs, 'fstatSync').mockReturnValue({ size: 20 } as fs.Stats)
    await expect(readFully(fd, 0, 15, 'it')).rejects.toMatchObject({ message: /was cut short/ })
    fs.closeSync(fd)
  })
})

describe('a name that a finished file is given', () => {
  it('is there when the answer was lost, and is refused where links are not known', async () => {
    const [file, other] = [written('x'), newPath()]
    vi.spyOn(fs, 'linkSync').mockImplementationOnce((from, to) => {
      vi.restoreAllMocks()
      fs.linkSync(from, to)
      throw ofSystem('EIO')
    })
    expect(await linkFile(file, other)).toBe(true)
    expect(await linkFile(written('y'), other)).toBe(false)
    vi.spyOn(fs, 'linkSync').mockImplementation(() => {
      throw ofSystem('ENOTSUP')
    })
    await expect(linkFile(written('z'), newPath())).rejects.toMatchObject({
      code: 'io',
      hint: expect.stringContaining('hard links'),
    })
  })
})

it('a folder of temporary files that is not there has nothing to be swept', async () => {
  expect(await sweepTemporaryFiles(newPath(), Date.now())).toBe(0)
  await expect(sweepTemporaryFiles(written('x'), Date.now())).rejects.toMatchObject({ code: 'io' })
})

describe('packs of another repository', () => {
  const pack = (letter: string): string => letter.repeat(64)
  function repository(...packs: string[]): string {
    const folder = newPath()
    fs.mkdirSync(join(folder, 'packs'), { recursive: true })
    for (const name of packs) fs.writeFileSync(join(folder, 'packs', `${name}.pack`), name)
    return folder
  }

  it('get a second name, and all or none do', async () => {
    const from = repository(pack('a'), pack('b'))
    const to = repository()
    expect(await linkPacks(from, to, [pack('a'), pack('b')])).toBe(true)
    expect(fs.statSync(join(to, 'packs', `${pack('a')}.pack`)).nlink).toBe(2)
    const other = repository()
    expect(await linkPacks(from, other, [pack('a'), pack('c')])).toBe(false)
    expect(fs.readdirSync(join(other, 'packs'))).toEqual([])
  })

  it('are not linked where they are links, or somebody else owns them', async () => {
    const from = repository(pack('a'))
    const path = join(from, 'packs', `${pack('b')}.pack`)
    fs.symlinkSync('/etc/hostname', path)
    const to = repository()
    expect(await linkPacks(from, to, [pack('a'), pack('b')])).toBe(false)
    expect(fs.readdirSync(join(to, 'packs'))).toEqual([])
  })

  it('say that a name is taken', async () => {
    const [from, to] = [repository(pack('a')), repository(pack('a'))]
    await expect(linkPacks(from, to, [pack('a')])).rejects.toMatchObject({ code: 'io' })
  })
})

describe('the location of a repository', () => {
  it('is a path, or a file: URL of one', () => {
    expect(folderAtLocation('a/b', '/base', 'hint')).toBe('/base/a/b')
    expect(folderAtLocation('file:///a%20b', '/base', 'hint')).toBe('/a b')
  })

  it.each([
    ['file://host/a', 'usage'],
    ['file:///a%2Fb', 'usage'],
    ['file:///a%b', 'usage'],
    ['ftp://host/a', 'refused'],
  ])('%s is none: %s', (location, code) => {
    expect(() => folderAtLocation(location, '/base', 'look there')).toThrow(
      expect.objectContaining({ code, hint: 'look there' }),
    )
  })
})
