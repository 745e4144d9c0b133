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
    name: 'safe.directory',
    type: 'text',
    about:
      'A repository of another user that may be worked in; `PATH/*` for all below, `*` for any. Only in your own file and with -c',
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
    name: 'gc.reflogExpire',
    type: 'text',
    default: '90 days',
    about: 'How long gc keeps what only the ref log leads to: "90 days", now, never',
  },
  {
    name: 'gc.pruneExpire',
    type: 'text',
    default: '2 weeks',
    about:
      'How long what gc found unreachable, or a command left behind, stays: "2 weeks", now, never',
  },
  {
    name: 'gc.autoPackLimit',
    type: 'number',
    default: '50',
    about: '`gc --auto` does something where there are more packs than this',
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
