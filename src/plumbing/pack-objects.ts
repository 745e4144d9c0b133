import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import type { Spill, SpillFile } from '../core/spill.ts'
import type { PackTarget } from '../storage/pack-writer.ts'
import { repack } from '../storage/repack.ts'
import { openSpill } from '../storage/spill.ts'
import type { Repository } from './repository.ts'

export interface PackObjectsOptions {
  readonly signal?: AbortSignal | undefined
  /** Told how many objects were written, of how many. */
  readonly onObjects?: ((written: number, total: number) => void) | undefined
}

/** A pack that is no repository's. */
export interface PackedObjects {
  /** SHA-256 of its bytes, in hex: what it is called. */
  readonly pack: string
  readonly objects: number
  /** Bytes. */
  readonly size: number
  /** Its bytes, piece by piece. */
  bytes(): AsyncGenerator<Uint8Array>
  /** Gives back the room that it takes. */
  discard(): Promise<void>
}

/** How much is handed out at once. */
const PIECE = 1 << 20

/**
 * Puts objects of the repository into one pack, which stands by itself: what is stored as a difference to an object that is
 * not among them is stored whole. The same objects in the same order make the same bytes, as long as the
 * repository's own packs are the same. `object-not-found` where one is not there.
 *
 * @param ids the newest first: of several versions the first one is stored whole
 */
export async function packObjects(
  repo: Repository,
  ids: Iterable<Id> | AsyncIterable<Id>,
  options: PackObjectsOptions = {},
): Promise<PackedObjects> {
  const only = new Set<Id>()
  for await (const id of ids) only.add(id)
  for (const id of only) {
    if (await repo.objects.has(id, { fresh: true })) continue
    throw new VarveError('object-not-found', `no object ${id}`, { data: { id } })
  }
  const target = spillTarget(openSpill())
  try {
    const names = (await repo.objects.packs()).map(({ name }) => name)
    const packed = await repack(repo.objects, names, only, {
      ...options,
      only,
      elsewhere: target,
    })
    const file = target.file()
    return {
      pack: packed.name,
      objects: packed.objects,
      size: packed.size,
      async *bytes() {
        for (let at = 0; at < packed.size; at += PIECE) {
          yield file.range(at, Math.min(PIECE, packed.size - at))
        }
      },
      discard: () => file.discard(),
    }
  } catch (error) {
    await target.discard()
    throw error
  }
}

/** A file that is set aside, as a place for one pack. */
function spillTarget(spill: Spill): PackTarget & {
  file(): SpillFile
  discard(): Promise<void>
} {
  let made: SpillFile | undefined
  return {
    async create() {
      const file = await spill.create()
      made = file
      return {
        write: (bytes) => file.write(bytes),
        range: (offset, length) => file.range(offset, length),
        publish: async () => true,
        discard: () => file.discard(),
      }
    },
    file: () => made!,
    discard: async () => made?.discard(),
  }
}

/**
 * The id that a line of a list of objects begins with, as `rev-list --objects` prints them; undefined for an empty line.
 * `bad-input` for any other.
 *
 * @param number of the line, for the message
 */
export function parseObjectLine(line: string, number: number): Id | undefined {
  const text = line.replace(/\r$/, '')
  if (text === '') return undefined
  const [word = ''] = text.split(' ', 1)
  if (isId(word)) return word
  throw new VarveError(
    'bad-input',
    `line ${number}: ${JSON.stringify(word)} is not the id of an object`,
    {
      data: { line: number, found: word },
      hint: 'ids have 64 hexadecimal digits, as rev-list --objects prints them; --revs takes revisions',
    },
  )
}
