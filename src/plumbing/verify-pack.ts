import { basename } from 'node:path'
import type { ErrorCode } from '../core/errors.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import type { Repository } from './repository.ts'

export interface VerifyPackOptions {
  /** A pack of the repository: its name, the first digits of it, or the path of its file. */
  readonly pack: string
  /** Whether to give its objects too. */
  readonly objects?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** An object of a pack, as it is stored. */
export interface PackedObject {
  readonly kind: 'object'
  readonly id: Id
  readonly type: ObjectKind
  /** Of the canonical bytes. */
  readonly length: number
  /** Bytes that it takes in the pack. */
  readonly stored: number
  /** How many bases one after another lead to one that is whole, and the first of them; only of a difference. */
  readonly depth?: number
  readonly base?: Id
}

export interface PackFaultFound {
  readonly kind: 'fault'
  readonly code: ErrorCode
  readonly message: string
  readonly object?: string
}

export interface VerifiedPack {
  readonly kind: 'pack'
  /** SHA-256 in hex. */
  readonly pack: string
  readonly objects: number
  readonly size: number
  readonly faults: number
}

/**
 * Checks a pack: the hash of its file, its index, and every record: its checksum, its encoding, and the SHA-256 of the
 * object. Gives its objects in the order of the file, then what is wrong, then a summary. `file-not-found` where there is
 * no such pack, `ambiguous-revision` where several begin with these digits, `usage` for fewer than four of them.
 */
export async function* verifyPack(
  repo: Repository,
  { pack, objects = false, signal }: VerifyPackOptions,
): AsyncGenerator<PackedObject | PackFaultFound | VerifiedPack> {
  const { name, size } = await findPack(repo, pack)
  const onBytes = (): void => {
    if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
  }
  const found = await openIfPossible(repo, name)
  if (objects && found !== undefined) {
    for (let position = 0; position < found.records; position++) {
      try {
        const record = await found.recordAt(position)
        const { id, kind, length, stored, base, depth } = record
        yield {
          kind: 'object',
          id,
          type: kind,
          length,
          stored,
          ...(base !== undefined && { base, ...(depth !== undefined && { depth }) }),
        }
      } catch (error) {
        // It is met again with all that is wrong.
        if (!hasCode(error, 'corrupt-object') && !hasCode(error, 'corrupt-pack')) throw error
      }
    }
  }
  const errors = await repo.objects.verifyPack(name, { onBytes })
  for (const { code, message, data } of errors) {
    yield {
      kind: 'fault',
      code,
      message,
      ...(typeof data.id === 'string' && { object: data.id }),
    }
  }
  yield { kind: 'pack', pack: name, objects: found?.records ?? 0, size, faults: errors.length }
}

async function findPack(repo: Repository, pack: string) {
  const text = basename(pack)
    .replace(/\.pack$/, '')
    .toLowerCase()
  if (/^[0-9a-f]{1,3}$/.test(text)) {
    throw new VarveError(
      'usage',
      `${text} is too short for a pack: at least four digits are needed`,
      {
        data: { pack },
      },
    )
  }
  await repo.objects.refresh()
  const known = await repo.objects.knownPacks()
  const found = /^[0-9a-f]{4,64}$/.test(text)
    ? known.filter(({ name }) => name.startsWith(text))
    : []
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  if (first !== undefined) {
    throw new VarveError('ambiguous-revision', `${found.length} packs begin with ${text}`, {
      data: { pack, packs: found.map(({ name }) => name) },
    })
  }
  throw new VarveError('file-not-found', `the repository has no pack ${pack}`, {
    data: { pack },
    hint: 'packs are named by the digits of their files in the folder packs',
  })
}

async function openIfPossible(repo: Repository, name: string) {
  try {
    return await repo.objects.openPack(name)
  } catch (error) {
    if (hasCode(error, 'corrupt-pack') || hasCode(error, 'unsupported-format')) return undefined
    throw error
  }
}
