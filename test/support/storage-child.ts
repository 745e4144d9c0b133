// A process that writes to a repository folder until it is done or killed, and says on standard
// output, a line each, what has been acknowledged.
//
//   storage-child.ts append FOLDER NAME COUNT   moves of one ref
//   storage-child.ts commit FOLDER NAME         objects and a move that names their pack, for ever
import { hasCode } from '../../src/core/errors.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import { idOf, moveOf } from './transactions.ts'

const [mode, folder, name, count] = process.argv.slice(2) as [string, string, string, string]
const storage = openFileSystemStorage(folder)
const log = openRefLog(storage, { checkpointEvery: 8 })
const own = `refs/heads/${name}`

async function append(): Promise<void> {
  let old = (await log.state()).refs.get(own)
  for (let i = 0; i < Number(count); i++) {
    const next = idOf(`${name} ${i}`)
    await log.append(moveOf(own, old, next))
    process.stdout.write(`${next}\n`)
    old = next
  }
  // All of them also fight for one ref.
  for (let won = 0; won < 3; ) {
    const shared = (await log.state()).refs.get('refs/heads/shared')
    const next = idOf(`${name} shared ${won}`)
    try {
      await log.append(moveOf('refs/heads/shared', shared, next))
      process.stdout.write(`${next}\n`)
      won++
    } catch (error) {
      if (!hasCode(error, 'conflict')) throw error
    }
  }
}

async function commit(): Promise<void> {
  const objects = openObjectStore(storage)
  for (let i = 0; ; i++) {
    const batch = await objects.begin()
    const noise = Buffer.alloc(400_000)
    for (let at = 0; at < noise.length; at += 4) {
      noise.writeInt32LE(Math.imul(at + i * 7919, 2654435761), at)
    }
    for (let part = 0; part < 8; part++) await batch.put('blob', noise.subarray(part * 50_000))
    const next = await batch.put('tree', Buffer.from(`${name} ${i}`))
    const pack = await batch.publish()
    const old = (await log.state()).refs.get(own)
    await log.append({ ...moveOf(own, old, next), packs: pack === undefined ? [] : [pack] })
    process.stdout.write(`${next}\n`)
  }
}

await (mode === 'append' ? append() : commit())
