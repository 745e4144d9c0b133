import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { writeFile } from '../../src/storage/write-file.ts'
import { hasTool } from '../support/optional-tool.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

async function* failing() {
  yield Buffer.from('half')
  throw new Error('the source failed')
}

const hasFifos = hasTool('mkfifo')

describe('writeFile', () => {
  it('writes a new file, and says how long it is', async () => {
    const path = join(temporaryFolder(), 'a.csv')
    expect(await writeFile(path, pieces('ab', 'c'))).toBe(3)
    expect(fs.readFileSync(path, 'utf8')).toBe('abc')
  })

  it('replaces a file, which keeps its mode, through links', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'a.csv')
    fs.writeFileSync(path, 'old', { mode: 0o600 })
    fs.symlinkSync(path, join(folder, 'link.csv'))
    await writeFile(join(folder, 'link.csv'), pieces('new'))
    expect(fs.readFileSync(path, 'utf8')).toBe('new')
    expect(fs.statSync(path).mode & 0o777).toBe(0o600)
    expect(fs.lstatSync(join(folder, 'link.csv')).isSymbolicLink()).toBe(true)
  })

  it('removes what a writer of the same file left that was killed long ago', async () => {
    const folder = temporaryFolder()
    const put = (name: string, age: number) => {
      fs.writeFileSync(join(folder, name), 'half')
      const then = Date.now() / 1000 - age
      fs.utimesSync(join(folder, name), then, then)
    }
    const dead = spawnSync('true').pid
    const hex = '0123456789abcdef'
    put(`.a.csv.${dead}-${hex}`, 3600)
    const stay = [
      `.a.csv.${process.pid}-${hex}`,
      `.a.csv.${dead}-${hex}.bak`,
      `.b.csv.${dead}-${hex}`,
    ]
    for (const name of stay) put(name, 3600)
    put(`.a.csv.${dead}-fedcba9876543210`, 60)
    await writeFile(join(folder, 'a.csv'), pieces('x'))
    const left = [...stay, `.a.csv.${dead}-fedcba9876543210`, 'a.csv']
    expect(fs.readdirSync(folder).sort()).toEqual(left.sort())
  })

  it('leaves everything as it was when the source fails or the command is interrupted', async () => {
    const folder = temporaryFolder()
    fs.writeFileSync(join(folder, 'a.csv'), 'old')
    await expect(writeFile(join(folder, 'a.csv'), failing())).rejects.toThrow('the source failed')
    await expect(writeFile(join(folder, 'b.csv'), failing())).rejects.toThrow('the source failed')
    const signal = AbortSignal.abort()
    await expect(writeFile(join(folder, 'a.csv'), pieces('x'), { signal })).rejects.toMatchObject({
      code: 'interrupted',
    })
    expect(fs.readdirSync(folder)).toEqual(['a.csv'])
    expect(fs.readFileSync(join(folder, 'a.csv'), 'utf8')).toBe('old')
  })

  it('gives a pipe the bytes as they come', async () => {
    expect(await writeFile('/dev/null', pieces('abc'))).toBe(3)
    expect(fs.statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it.skipIf(!hasFifos)(
    'waits for who reads a pipe without keeping others from their turn',
    async () => {
      const path = join(temporaryFolder(), 'pipe')
      spawnSync('mkfifo', [path])
      const reader = spawn('sh', ['-c', 'exec 3<"$0"; sleep 1; cat <&3', path])
      const ended = once(reader, 'close')
      let read = 0
      reader.stdout.on('data', (piece: Buffer) => {
        read += piece.length
      })
      let turns = 0
      const clock = setInterval(() => turns++, 10)
      const piece = 'x'.repeat(50_000)
      expect(await writeFile(path, pieces(piece, piece, piece, piece))).toBe(200_000)
      clearInterval(clock)
      await ended
      expect(read).toBe(200_000)
      // Without them nobody could interrupt it.
      expect(turns).toBeGreaterThan(20)
    },
  )

  it.skipIf(!hasFifos)('no longer waits for who reads a pipe when it is interrupted', async () => {
    const path = join(temporaryFolder(), 'pipe')
    spawnSync('mkfifo', [path])
    const nobody = new AbortController()
    const waiting = writeFile(path, pieces('x'), { signal: nobody.signal })
    setTimeout(() => nobody.abort(), 50)
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' })

    const silent = new AbortController()
    const writing = writeFile(path, pieces('x'.repeat(500_000)), { signal: silent.signal })
    const reader = await fs.promises.open(path, 'r')
    setTimeout(() => silent.abort(), 50)
    await expect(writing).rejects.toMatchObject({ code: 'interrupted' })
    await reader.close()
  })

  it('says what is in the way', async () => {
    const folder = temporaryFolder()
    await expect(writeFile(folder, pieces('x'))).rejects.toMatchObject({ code: 'refused' })
    await expect(writeFile(join(folder, 'no', 'a'), pieces('x'))).rejects.toThrow(
      'there is no folder',
    )
  })

  it('leaves alone what is beside the file in a folder that may not be listed', async () => {
    const path = join(temporaryFolder(), 'a.csv')
    const spy = vi.spyOn(fs.promises, 'readdir')
    for (const [code, told] of [
      ['EACCES', undefined],
      ['EPERM', undefined],
      ['EIO', 'io'],
    ]) {
      spy.mockRejectedValueOnce(Object.assign(new Error(code), { code }))
      const writing = writeFile(path, pieces('ab'))
      if (told === undefined) expect(await writing).toBe(2)
      else await expect(writing).rejects.toMatchObject({ code: told })
    }
    spy.mockRestore()
    expect(fs.readFileSync(path, 'utf8')).toBe('ab')
  })
})
