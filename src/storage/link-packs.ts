import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fsyncFolder, makeFolder } from './durable.ts'
import { fileError, systemCode } from './file-errors.ts'
import { packPath } from './pack-writer.ts'

/** What says that a second name cannot be had, or not of this file: its bytes have to be copied. */
const CANNOT_LINK = [
  'EXDEV',
  'EPERM',
  'EMLINK',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOENT',
  'ENOSYS',
  'EACCES',
]

/**
 * Gives packs of one repository's folder a name in another one's too: a pack never changes, so that both may
 * have the same file. False, and nothing is changed, where the file system cannot, or where a pack is somebody
 * else's: who owns a file can change it.
 */
export async function linkPacks(
  from: string,
  to: string,
  names: Iterable<string>,
): Promise<boolean> {
  const linked: string[] = []
  const owner = fs.statSync(to).uid
  await makeFolder(join(to, 'packs'))
  for (const name of names) {
    const [source, target] = [join(from, packPath(name)), join(to, packPath(name))]
    try {
      const stat = await fs.promises.lstat(source)
      if (stat.isFile() && stat.uid === owner) {
        await fs.promises.link(source, target)
        linked.push(target)
        continue
      }
    } catch (error) {
      if (!CANNOT_LINK.includes(systemCode(error) ?? '')) throw fileError(error, 'link', source)
    }
    for (const path of linked) await fs.promises.rm(path, { force: true })
    return false
  }
  for (const folder of new Set(linked.map((path) => dirname(path)))) await fsyncFolder(folder)
  return true
}
