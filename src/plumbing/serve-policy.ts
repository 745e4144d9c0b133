import { parseConfig } from '../core/config-file.ts'
import { isServeKey, readBoolean, readNumber } from '../core/config-values.ts'
import type { FarFiles } from '../storage/far-files.ts'
import type { ServePolicy } from '../transport/served-repository.ts'
import { parseHead, readHead } from './head.ts'
import type { Repository } from './repository.ts'
import { type RepositoryConfig, repositoryConfig } from './repository-config.ts'

/**
 * What a repository's owner lets others do, as its configuration says, and the branch that its work tree stands on.
 * Of one far away, whose files this process reads itself, its own file counts alone. `invalid-value` for
 * configuration that cannot be understood: a limit that is ignored would be none.
 */
export async function readServePolicy(repo: Repository): Promise<ServePolicy> {
  const { farFiles } = repo
  const config = farFiles === undefined ? repo.config : await farConfig(farFiles)
  const isOn = (key: string): boolean => readBoolean(key, config.get(key) ?? 'false')
  const most = config.get(MAX_INPUT_SIZE)
  const current = await currentIn(repo)
  const isLeft = config.get('receive.denyCurrentBranch') !== 'ignore'
  return {
    denyNonFastForwards: isOn('receive.denyNonFastForwards'),
    denyDeletes: isOn('receive.denyDeletes'),
    denyDeleteCurrent: config.get('receive.denyDeleteCurrent') !== 'ignore',
    ...(most !== undefined && { maxBytes: readNumber(MAX_INPUT_SIZE, most) }),
    current,
    checkedOut: isLeft ? current : undefined,
  }
}

const MAX_INPUT_SIZE = 'receive.maxInputSize'

async function farConfig(files: FarFiles): Promise<RepositoryConfig> {
  const bytes = await files.read('config')
  if (bytes === undefined) return repositoryConfig()
  const entries = parseConfig(Buffer.from(bytes).toString('utf8'), `${files.location}config`)
  return repositoryConfig({ own: entries.filter(({ key }) => isServeKey(key)) })
}

async function currentIn(repo: Repository): Promise<string | undefined> {
  const { farFiles, workTree } = repo
  if (farFiles === undefined && workTree === undefined) return undefined
  const bytes = await farFiles?.read('HEAD')
  if (farFiles !== undefined && bytes === undefined) return undefined
  const head =
    bytes === undefined ? await readHead(repo) : parseHead(Buffer.from(bytes).toString('utf8'))
  return 'ref' in head ? head.ref : undefined
}
