import { normalizeKey, parseConfig } from '../core/config-file.ts'

/** What configuration an operation may ask for; the caller decides where it comes from. */
export interface RepositoryConfig {
  /** The value of a key such as `branch.main.remote`, its default if it has one. */
  get(key: string): string | undefined
  /** Every value of a key, the weakest first. */
  all(key: string): readonly string[]
  /** The keys that have a value, in normal form, in the order in which they come. */
  keys(): readonly string[]
  /** Changes the text of the repository's own file, which holds from then on. */
  edit(change: (text: string) => string): Promise<void>
}

export interface ConfigEntry {
  readonly key: string
  readonly value: string
}

export interface RepositoryConfigParts {
  /** What holds where the repository's own file says nothing. */
  readonly weaker?: readonly ConfigEntry[]
  /** What the repository's own file says. */
  readonly own?: readonly ConfigEntry[]
  /** What holds whatever the file says. */
  readonly stronger?: readonly ConfigEntry[]
  /** Changes the file and returns its text; without it the text is in memory alone. */
  readonly write?: (change: (text: string) => string) => Promise<string>
  readonly defaultOf?: (key: string) => string | undefined
}

/** The configuration of a repository: its own file between what is weaker and what is stronger. */
export function repositoryConfig(parts: RepositoryConfigParts = {}): RepositoryConfig {
  const { weaker = [], stronger = [], write, defaultOf } = parts
  let text = ''
  let entries: readonly ConfigEntry[] = []
  const load = (own: readonly ConfigEntry[]): void => {
    entries = [...weaker, ...own, ...stronger].map(({ key, value }) => ({
      key: normalizeKey(key),
      value,
    }))
  }
  load(parts.own ?? [])
  const all = (key: string): string[] => {
    const name = normalizeKey(key)
    return entries.filter((entry) => entry.key === name).map(({ value }) => value)
  }
  return {
    all,
    get: (key) => all(key).at(-1) ?? defaultOf?.(normalizeKey(key)),
    keys: () => [...new Set(entries.map(({ key }) => key))],
    async edit(change) {
      text = write === undefined ? change(text) : await write(change)
      load(parseConfig(text))
    },
  }
}
