import { join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { userCacheFolder } from './cache-folder.ts'
import type { Config } from './config.ts'

const FAR = /^s3:\/\//i
/** Bytes of packs kept on this machine unless `core.remoteCacheLimit` says another number. */
const CACHE_LIMIT = 2 ** 30

/** Whether a name of a repository is the URL of one that is worked on where it is, far away. */
export function isFar(named: string): boolean {
  return FAR.test(named)
}

/**
 * The storage at such a URL, with what was read of packs kept on this machine. Amazon's own variables and files say
 * whose it is and where: AWS_ENDPOINT_URL names another server.
 */
export async function openFarStorage(
  url: string,
  { env, config }: { readonly env: (name: string) => string | undefined; readonly config: Config },
): Promise<Storage> {
  // What it says of versions of Node is for those who write programs, and comes with every command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const [{ parseRemoteUrl }, { openS3Storage }, { cacheRanges }] = await Promise.all([
    import('../plumbing/connect.ts'),
    import('../storage/s3-storage.ts'),
    import('../storage/cached-ranges.ts'),
  ])
  const parsed = parseRemoteUrl(url)
  if (parsed.kind !== 's3') throw new VarveError('usage', `not the URL of a bucket: ${url}`)
  const { bucket, prefix } = parsed
  const storage = await openS3Storage({
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: env('AWS_ENDPOINT_URL_S3') ?? env('AWS_ENDPOINT_URL'),
    region: env('AWS_REGION') ?? env('AWS_DEFAULT_REGION'),
  })
  const said = config.get('core.remoteCacheLimit')
  const limit = said === undefined ? CACHE_LIMIT : Number(said)
  return limit === 0
    ? storage
    : cacheRanges(storage, { folder: join(userCacheFolder(env), 'packs'), limit })
}
