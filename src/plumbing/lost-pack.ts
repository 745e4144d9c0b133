import { hasCode, VarveError } from '../core/errors.ts'
import { hasIndex, readStoredIndex } from './index-state.ts'
import type { Repository } from './repository.ts'

/**
 * What to report instead of an error about an object that was not found: `corrupt-pack` where a pack is missing that
 * the ref log names, or the index, as the object may be in that. Any other error is returned as it is.
 */
export async function lostWithPack(repo: Repository, error: unknown): Promise<unknown> {
  if (!isNotFound(error)) return error
  const pack = await firstMissingPack(repo)
  if (pack === undefined) return lostWhileStaged(repo, error)
  return new VarveError('corrupt-pack', `${error.message}; pack ${pack} is missing`, {
    data: { ...error.data, pack },
    hint: '`varve fsck` says what is lost; a copy of the pack, put back under its name, heals it',
    cause: error,
  })
}

async function lostWhileStaged(repo: Repository, error: VarveError): Promise<VarveError> {
  const staged = hasIndex(repo) ? ((await readStoredIndex(repo)).state?.packs ?? []) : []
  const there = new Set(await repo.objects.packNames())
  const { retired } = await repo.refs.state()
  const pack = staged.find((name) => !there.has(name) && !retired.has(name))
  if (pack === undefined) return error
  const message = `${error.message}; pack ${pack}, with what is staged, is missing`
  return new VarveError('corrupt-pack', message, {
    data: { ...error.data, pack },
    hint: '`varve reset` forgets what is staged and leaves files as they are: add them again then',
    cause: error,
  })
}

function isNotFound(error: unknown): error is VarveError {
  const isCode = hasCode(error, 'object-not-found') || hasCode(error, 'revision-not-found')
  // A name that no ref has is in no pack either.
  return isCode && typeof error.data.id === 'string'
}

async function firstMissingPack(repo: Repository): Promise<string | undefined> {
  for (;;) {
    const { number, packs } = await repo.refs.state()
    const there = new Set(await repo.objects.packNames())
    const missing = [...packs].find((name) => !there.has(name))
    // Others may have put it together with others meanwhile.
    if (missing === undefined || (await repo.refs.state()).number === number) return missing
  }
}
