import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../../src/core/id.ts'
import { decodeKey } from '../../src/core/key-decode.ts'
import { checkColumn } from '../../src/storage/check-column.ts'
import { decodeArchive, encodeArchive } from '../../src/storage/log-archive.ts'
import { decodeEntry, encodeEntry } from '../../src/storage/log-entry.ts'
import { logName } from '../../src/storage/log-names.ts'
import { SpooledWriter } from '../../src/storage/spooled-writer.ts'
import { openVersionedFile } from '../../src/storage/versioned-file.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { toldAs } from '../support/errors.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { idOf, moveOf } from '../support/transactions.ts'

describe('at the limits of what can be', () => {
  it('a log has no more numbers than its names have digits for', () => {
    expect(logName('log', 999_999_999_999)).toBe('log/999999999999')
    expect(() => logName('log', 10 ** 12)).toThrow(expect.objectContaining({ code: 'too-large' }))
  })

  it('an id or a key of another length is none', () => {
    const corrupt = toldAs('corrupt-object')
    expect(() => idFromBytes(new Uint8Array(31))).toThrow(corrupt)
    expect(() => idFromBytes(new Uint8Array(40), 9)).toThrow(corrupt)
    expect(() => decodeKey(new Uint8Array(1 << 20), ['binary'], false)).toThrow(corrupt)
  })

  it('an archive may be empty', async () => {
    expect(await decodeArchive(await encodeArchive([], new Map()), 'archive/1')).toEqual([])
  })

  it.each([[{}], [{ old: idOf('tree') }]])(
    'an entry keeps that an index was discarded: %j',
    (index) => {
      const entry = {
        ...moveOf('refs/heads/a', undefined, idOf('a')),
        number: 3,
        uuid: '12'.repeat(16),
        index,
      }
      expect(decodeEntry(encodeEntry(entry), 3, 'log/3').index).toEqual(index)
    },
  )

  it('a column that is none has no facts, and its own id', async () => {
    const body = Uint8Array.of(255, 1, 2, 3)
    expect(
      checkColumn(await loadZstd(), { method: 0, body, length: 4 }, { withSum: false }),
    ).toMatchObject({
      facts: undefined,
    })
  })

  it('nothing can be read of nothing, and no more than was written', async () => {
    const writer = new SpooledWriter(async () => true)
    expect(await writer.range(0, 0)).toEqual(new Uint8Array(0))
    await expect(writer.range(1, 0)).rejects.toMatchObject({ code: 'io' })
    await writer.write(Uint8Array.of(1, 2))
    expect(await writer.range(2, 0)).toEqual(new Uint8Array(0))
    await expect(writer.range(1, 2)).rejects.toMatchObject({ code: 'io' })
    await writer.discard()
  })

  it('a file that is versioned is empty where its folder is not there, and minds no other names', async () => {
    const folder = temporaryFolder()
    const gone = openVersionedFile(join(folder, 'gone', 'index'), folder)
    expect(await gone.read()).toBeUndefined()
    for (const name of ['index.x', 'index.0', 'index.1e3', 'index.']) {
      fs.writeFileSync(join(folder, name), 'x')
    }
    const file = openVersionedFile(join(folder, 'index'), join(folder, 'tmp'))
    fs.mkdirSync(join(folder, 'tmp'))
    expect(await file.read()).toBeUndefined()
    expect(await file.replace(0, Uint8Array.of(7))).toBe(1)
    expect(await file.read()).toEqual({ version: 1, bytes: Uint8Array.of(7) })
  })
})
