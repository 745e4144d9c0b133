import { join } from 'node:path'
import type { BucketUrl, SshUrl, Surroundings } from '../plumbing/open-sftp.ts'
import type { FarStorage } from '../storage/far-files.ts'
import { userCacheFolder } from './cache-folder.ts'
import type { Config } from './config.ts'

const FAR = /^(?:s3|sftp):\/\//i

/** Whether a name of a repository is the URL of one that is worked on where it is, far away. */
export function isFar(named: string): boolean {
  return FAR.test(named)
}

/**
 * The storage at such a URL, with what was read of packs kept on this machine. Amazon's own variables and files say
 * whose a bucket is and where: AWS_ENDPOINT_URL names another server.
 */
export async function openFarStorage(
  url: string,
  config: Config,
  surroundings: Surroundings,
): Promise<FarStorage> {
  const { parseRemoteUrl } = await import('../plumbing/connect.ts')
  const parsed = parseRemoteUrl(url)
  const { storage, files } =
    parsed.kind === 's3'
      ? await openBucket(parsed, surroundings)
      : await (await import('../plumbing/open-sftp.ts')).openSftp(parsed as SshUrl, surroundings)
  const limit = config.number('core.remoteCacheLimit') ?? 0
  if (limit === 0) return { storage, files }
  const { cacheRanges } = await import('../storage/cached-ranges.ts')
  const folder = join(
    userCacheFolder((name) => surroundings.environment[name]),
    'packs',
  )
  const server = parsed.kind === 's3' ? endpointOf(surroundings) : undefined
  return { storage: cacheRanges(storage, { folder, limit, server }), files }
}

async function openBucket(
  { bucket, prefix }: BucketUrl,
  surroundings: Surroundings,
): Promise<FarStorage> {
  const { environment } = surroundings
  // What it says of versions of Node is for those who write programs, and comes with every command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const [{ openS3Storage }, { bucketFiles }] = await Promise.all([
    import('../storage/s3-storage.ts'),
    import('../storage/far-files.ts'),
  ])
  const storage = await openS3Storage({
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: endpointOf(surroundings),
    region: environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION,
  })
  return { storage, files: bucketFiles(storage) }
}

/** Another server than Amazon's. */
function endpointOf({ environment }: Surroundings): string | undefined {
  return environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL
}
