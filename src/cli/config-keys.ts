/** How the value of a configuration key is read. */
export type ConfigType = 'text' | 'boolean' | 'number' | 'size' | 'choice'

export interface ConfigKey {
  /** As it is written; case does not matter. */
  readonly name: string
  readonly type: ConfigType
  readonly choices?: readonly string[]
  /** One line for `varve config list --known` and the reference. */
  readonly about: string
  readonly default?: string
}

const keys: readonly ConfigKey[] = [
  { name: 'user.name', type: 'text', about: "Your name in commits; else git's user.name" },
  { name: 'user.email', type: 'text', about: "Your address in commits; else git's user.email" },
  { name: 'core.pager', type: 'text', about: 'The pager on a terminal; "cat" for none' },
  {
    name: 'core.editor',
    type: 'text',
    about: 'The editor for messages; else $VISUAL, $EDITOR, vi',
  },
  {
    name: 'core.verify',
    type: 'choice',
    choices: ['checksum', 'always'],
    default: 'checksum',
    about: 'What every read checks: a checksum of the stored bytes, or always the whole id',
  },
  {
    name: 'color.ui',
    type: 'choice',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    about: 'Colours: on a terminal, always or never',
  },
  {
    name: 'checkout.filesLimit',
    type: 'size',
    default: '256m',
    about: 'Files are written to the work tree while all of them come to less than this',
  },
  {
    name: 'checkout.format',
    type: 'choice',
    choices: ['csv', 'ndjson', 'parquet', 'arrow'],
    default: 'csv',
    about:
      'The format of a file that a series gets in the work tree; one that it has keeps its own',
  },
  {
    name: 'read.format',
    type: 'choice',
    choices: ['csv', 'ndjson', 'json', 'table'],
    default: 'csv',
    about: 'What `varve read` prints where neither --format nor the name of a file says',
  },
  {
    name: 'init.defaultBranch',
    type: 'text',
    default: 'main',
    about: "The first branch's name",
  },
]

/** The keys varve knows, by name in lower case. Setting others is refused: they are misspelled. */
export const configKeys: ReadonlyMap<string, ConfigKey> = new Map(
  keys.map((key) => [key.name.toLowerCase(), key]),
)
