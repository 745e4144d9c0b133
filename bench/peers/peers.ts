import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { hasTool } from '../measure.ts'
import { findLakota, type LakotaPlace } from './lakota.ts'

/** The programs that varve is measured beside, as far as they are there. */
export interface Peers {
  readonly git: boolean
  readonly gzip: boolean
  readonly zstd: boolean
  readonly duckdb: boolean
  readonly lakota: LakotaPlace | undefined
  /** What each of them is, and the machine. */
  readonly versions: readonly string[]
  /** Who is missing, and why. */
  readonly missing: readonly string[]
}

export async function findPeers(env: NodeJS.ProcessEnv): Promise<Peers> {
  const lakota = findLakota(env)
  const duckdb = await duckDbVersion()
  const tools = { git: hasTool('git'), gzip: hasTool('gzip'), zstd: hasTool('zstd') }
  const missing = Object.entries(tools).flatMap(([name, there]) =>
    there ? [] : [`${name}: it is not installed`],
  )
  if (duckdb === undefined) missing.push('DuckDB: @duckdb/node-api cannot be loaded')
  if (typeof lakota === 'string') missing.push(`Lakota: ${lakota}`)
  const versions = [
    `${cpus().length} × ${cpus()[0]?.model ?? 'an unknown processor'}`,
    `Node ${process.versions.node}`,
    tools.git && firstLine('git', '--version'),
    tools.zstd && firstLine('zstd', '--version'),
    duckdb !== undefined && `DuckDB ${duckdb}`,
    typeof lakota !== 'string' && `Lakota ${lakota.version}`,
  ]
  return {
    ...tools,
    duckdb: duckdb !== undefined,
    lakota: typeof lakota === 'string' ? undefined : lakota,
    versions: versions.filter((text) => typeof text === 'string'),
    missing,
  }
}

async function duckDbVersion(): Promise<string | undefined> {
  try {
    return (await import('@duckdb/node-api')).version()
  } catch {
    return undefined
  }
}

function firstLine(...[name, ...args]: [string, ...string[]]): string {
  const { stdout } = spawnSync(name, args, { encoding: 'utf8' })
  return stdout.split('\n')[0]!.replaceAll('*', '').trim()
}
