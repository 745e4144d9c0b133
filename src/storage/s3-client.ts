import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { VarveError } from '../core/errors.ts'

export type S3 = typeof import('@aws-sdk/client-s3')

/** Requests for one object until its failure counts. */
const ATTEMPTS = 5

export interface S3Place {
  readonly bucket: string
  /** What the names of all objects begin with: empty, or with a slash at its end. */
  readonly prefix: string
  /** Another server than Amazon's, whose buckets are parts of the path. */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
}

/**
 * A client for a bucket. Credentials are where the SDK looks for them: the environment, `~/.aws`, the machine's role.
 * What fails on the way or for want of the server's time is asked again, later each time.
 */
export async function openS3Client({ endpoint, region }: S3Place): Promise<[S3, S3Client]> {
  const s3 = await import('@aws-sdk/client-s3')
  const client = new s3.S3Client({
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(region !== undefined && { region }),
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    // What is stored has checksums of its own; servers other than Amazon's do not know these.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return [s3, client]
}

/** The HTTP status of a failed request; undefined where no answer came. */
export function statusOf(error: unknown): number | undefined {
  return (error as Partial<S3ServiceException> | undefined)?.$metadata?.httpStatusCode
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EAI_AGAIN',
])

/**
 * What a failed request is to varve: `access-denied`, `unreachable`, `file-not-found` for a bucket that is not there,
 * `io` for all else; always with where it was, never with what the request held.
 */
export function s3Error(error: unknown, doing: string, where: string): unknown {
  if (!(error instanceof Error) || error instanceof VarveError) return error
  const code = (error as { code?: string }).code ?? error.name
  const make = (
    kind: 'access-denied' | 'unreachable' | 'file-not-found' | 'io',
    why: string,
    hint?: string,
  ) =>
    new VarveError(kind, `cannot ${doing} ${where}: ${why}`, {
      data: { path: where, code },
      ...(hint !== undefined && { hint }),
      cause: error,
    })
  if (error.name === 'CredentialsProviderError') {
    return make(
      'access-denied',
      'there are no credentials',
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for one of ~/.aws/credentials',
    )
  }
  if (error.message === 'Region is missing') {
    return make('access-denied', 'no region is set', 'set AWS_REGION')
  }
  if (UNREACHABLE.has(code)) return make('unreachable', code)
  const status = statusOf(error)
  if (error.name === 'NoSuchBucket') return make('file-not-found', 'there is no such bucket')
  if (status === 401 || status === 403) return make('access-denied', error.name)
  return make('io', status === undefined ? code : `${error.name} (${status})`)
}
