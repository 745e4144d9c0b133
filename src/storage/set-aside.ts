import type { Storage } from './storage.ts'

/** Where damaged files of a repository are kept: `damaged/`, and the name that they had. */
const FOLDER = 'damaged'
const PIECE = 1 << 20

/**
 * Copies an object of a storage, byte for byte and durably, to `damaged/NAME`, or `damaged/NAME.2` where something else
 * has that name. Returns the name; undefined where there is no such object. The object itself stays.
 */
export async function copyAside(storage: Storage, name: string): Promise<string | undefined> {
  const size = await storage.size(name)
  if (size === undefined) return undefined
  for (let number = 1; ; number++) {
    const target = `${FOLDER}/${name}${number === 1 ? '' : `.${number}`}`
    if ((await storage.size(target)) !== undefined) {
      if (await isSame(storage, name, target, size)) return target
      continue
    }
    const writer = await storage.create()
    try {
      for (let at = 0; at < size; at += PIECE) {
        await writer.write(await storage.range(name, at, Math.min(PIECE, size - at)))
      }
      if (await writer.publish(target)) return target
    } finally {
      await writer.discard()
    }
  }
}

async function isSame(storage: Storage, a: string, b: string, size: number): Promise<boolean> {
  if ((await storage.size(b)) !== size) return false
  for (let at = 0; at < size; at += PIECE) {
    const length = Math.min(PIECE, size - at)
    const [x, y] = [await storage.range(a, at, length), await storage.range(b, at, length)]
    if (Buffer.compare(x, y) !== 0) return false
  }
  return true
}
