import { fileURLToPath } from 'node:url'

// Which modules of the program lie in one file. A file read in vain costs less than dozens of files, but what a command
// does not need is set up, and its compiled code read, all the same.

const root = fileURLToPath(new URL('..', import.meta.url))

/** What every command that opens a repository in a folder loads, beside what the program begins with. */
const OPENED = [
  'src/porcelain/commands/ls.ts',
  'src/plumbing/repository.ts',
  'src/plumbing/repository-config.ts',
  'src/storage/file-system.ts',
  'src/storage/location.ts',
  'src/storage/private-files.ts',
  'src/storage/repository-folder.ts',
  'src/storage/versioned-file.ts',
  'src/storage/work-tree.ts',
  'src/cli/config-layers.ts',
  'src/cli/open-printing.ts',
  'src/cli/print-result.ts',
]

/** What is typed most, with the modules that it loads in any case. */
const OFTEN = {
  reading: ['src/porcelain/commands/read.ts', 'src/formats/csv/csv-format.ts'],
  writing: [
    'src/porcelain/commands/write.ts',
    'src/cli/hooks.ts',
    'src/cli/identity.ts',
    'src/formats/csv/csv-format.ts',
    'src/storage/read-file.ts',
  ],
  history: ['src/porcelain/commands/log.ts'],
}

/** Modules that so many chunks need, and none of the above, become one. */
const SHARED_BY = 8

/**
 * A plugin for Rolldown that looks at what imports what, and the groups that follow from it. What a module imports lies in
 * its own group or in one before: chunks do not need each other in a circle.
 */
export function programChunks() {
  /** @type {Map<string, readonly string[]>} */
  const imports = new Map()
  const plugin = {
    name: 'program-chunks',
    buildEnd() {
      for (const id of this.getModuleIds()) {
        imports.set(id, [...(this.getModuleInfo(id)?.importedIds ?? [])])
      }
      const gone = [OPENED, ...Object.values(OFTEN)]
        .flat()
        .find((path) => !imports.has(root + path))
      if (gone !== undefined) this.error(`${gone} is no module of the program`)
    },
  }
  /** @type {Map<readonly string[], Set<string>>} */
  const closures = new Map()
  const closureOf = (paths) => {
    const found = new Set(paths.map((path) => root + path))
    // What is added is visited, too.
    for (const id of found) for (const imported of imports.get(id)) found.add(imported)
    closures.set(paths, found)
    return found
  }
  const needs = (paths, module) => (closures.get(paths) ?? closureOf(paths)).has(module)
  const often = Object.entries(OFTEN)
  const isShared = (id) => often.filter(([, paths]) => needs(paths, id)).length > 1
  // The first that takes a module has it.
  const groups = [
    { name: 'frame', tags: ['$initial'] },
    { name: 'opened', test: (id) => needs(OPENED, id) },
    { name: 'often', test: isShared },
    ...often.map(([name, paths]) => ({ name, test: (id) => needs(paths, id) })),
    { name: 'common', minShareCount: SHARED_BY },
  ]
  return { plugin, groups }
}
