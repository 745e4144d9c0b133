/** How the value of a configuration key is read. */
export type ConfigType = 'text' | 'boolean' | 'number' | 'size' | 'choice'

export interface ConfigKey {
  readonly type: ConfigType
  readonly choices?: readonly string[]
  /** One line for `varve config list --known` and the reference. */
  readonly about: string
  readonly default?: string
}

/** The keys varve knows. Others are refused, so that a misspelled one is noticed. */
export const configKeys: ReadonlyMap<string, ConfigKey> = new Map<string, ConfigKey>([
  ['user.name', { type: 'text', about: 'Your name in commits; else git’s user.name' }],
  ['user.email', { type: 'text', about: 'Your address in commits; else git’s user.email' }],
  ['core.pager', { type: 'text', about: 'The pager on a terminal; "cat" for none' }],
  ['core.editor', { type: 'text', about: 'The editor for messages; else $VISUAL, $EDITOR, vi' }],
  [
    'core.verify',
    {
      type: 'choice',
      choices: ['arrival', 'always'],
      default: 'arrival',
      about: 'When objects are hashed again: as they arrive, or at every read',
    },
  ],
  [
    'color.ui',
    {
      type: 'choice',
      choices: ['auto', 'always', 'never'],
      default: 'auto',
      about: 'Colours: on a terminal, always or never',
    },
  ],
  [
    'checkout.fileslimit',
    {
      type: 'size',
      default: '256m',
      about: 'Files are written to the work tree while all of them come to less than this',
    },
  ],
  ['init.defaultbranch', { type: 'text', default: 'main', about: 'The first branch’s name' }],
])

/** Families of keys: `remote.origin.url` is `remote.*.url`. */
export const configFamilies: ReadonlyMap<string, ConfigKey> = new Map<string, ConfigKey>([
  ['alias.*', { type: 'text', about: 'A command of your own: what `varve *` stands for' }],
  ['branch.*.description', { type: 'text', about: 'What the branch is for' }],
])

/** What is known of a key in lower case; undefined for a key nobody knows. */
export function knownKey(key: string): ConfigKey | undefined {
  const direct = configKeys.get(key)
  if (direct !== undefined) return direct
  const first = key.slice(0, key.indexOf('.'))
  const last = key.slice(key.lastIndexOf('.') + 1)
  return configFamilies.get(`${first}.*.${last}`) ?? configFamilies.get(`${first}.*`)
}
