import { defineCommand } from '../define-command.ts'
import { VERSION } from '../version.ts'

export const versionCommand = defineCommand({
  name: 'version',
  summary: 'Show the version',
  options: (y) =>
    y.option('build-options', {
      type: 'boolean',
      describe: 'Also show what varve runs on, for bug reports',
    }),
  run: async ({ buildOptions }) => ({
    version: VERSION,
    ...(buildOptions
      ? {
          node: process.versions.node,
          platform: process.platform,
          cpu: process.arch,
          zstd: await zstdName(),
        }
      : {}),
  }),
  toText: ({ version, ...rest }) =>
    [`varve ${version}`, ...Object.entries(rest).map(([key, value]) => `${key}: ${value}`)].join(
      '\n',
    ),
})

async function zstdName(): Promise<string> {
  const { loadZstdLibrary, zstdChoice } = await import('../../zstd/load.ts')
  const { name } = await loadZstdLibrary()
  const reason = zstdChoice()?.reason
  return reason === undefined ? name : `${name} (zstd-napi: ${reason})`
}
