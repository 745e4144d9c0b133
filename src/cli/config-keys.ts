/** How the value of a configuration key is read. */
export type ConfigType = 'text' | 'url' | 'boolean' | 'number' | 'size' | 'choice'

export interface ConfigKey {
  /** As it is written; case does not matter. */
  readonly name: string
  readonly type: ConfigType
  readonly choices?: readonly string[]
  /** One line for `varve config list --known` and the reference. */
  readonly about: string
  readonly default?: string
  /** Only the user's own file and `-c` say it: a repository's file counts for nothing. */
  readonly ownOnly?: boolean
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
    name: 'core.remoteCacheLimit',
    type: 'size',
    default: '1g',
    about: 'What is kept here of packs in buckets and accounts, at most; 0 keeps nothing',
  },
  {
    name: 'core.hooksPath',
    type: 'text',
    ownOnly: true,
    about:
      'A folder with your hooks: pre-commit, post-commit, pre-merge-commit, post-merge, pre-push. Only in your own file and with -c',
  },
  {
    name: 'core.ssh',
    type: 'choice',
    choices: ['auto', 'builtin'],
    default: 'auto',
    about: "Which ssh: the system's where there is one (auto), or the one built in",
  },
  {
    name: 'core.sshCommand',
    type: 'text',
    about: 'The command for ssh, as "ssh -i KEY"; $VARVE_SSH_COMMAND comes before it',
  },
  {
    name: 'credential.helper',
    type: 'text',
    about:
      "One of git's credential helpers, asked for tokens: a name, a path, or `!` and a command. Only in your own file and with -c",
  },
  {
    name: 'credential.useHttpPath',
    type: 'boolean',
    default: 'false',
    about: 'Whether helpers are asked for each repository of a server apart',
  },
  {
    name: 'http.proxy',
    type: 'text',
    about: 'The proxy for http:// and https://; else $HTTP_PROXY, $HTTPS_PROXY, $NO_PROXY',
  },
  {
    name: 'http.sslCAInfo',
    type: 'text',
    about:
      "A file of the certificates that those of servers must be signed by, in place of the system's",
  },
  {
    name: 'safe.directory',
    type: 'text',
    ownOnly: true,
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
  { name: 'remote.NAME.url', type: 'url', about: 'Where a remote is' },
  { name: 'remote.NAME.pushUrl', type: 'url', about: 'Where it is pushed to, if elsewhere' },
  {
    name: 'remote.NAME.fetch',
    type: 'text',
    about: 'A refspec of what is fetched; may be there several times',
  },
  {
    name: 'remote.NAME.tagOpt',
    type: 'choice',
    choices: ['--tags', '--no-tags'],
    about: 'Which tags a fetch brings: all, or none; otherwise those of what it brings',
  },
  {
    name: 'remote.NAME.uploadPack',
    type: 'text',
    about: "The command there in upload-pack's place",
  },
  {
    name: 'remote.NAME.receivePack',
    type: 'text',
    about: "The command there in receive-pack's place",
  },
  {
    name: 'remote.NAME.mirror',
    type: 'boolean',
    about: 'Whether a push makes all refs there as here',
  },
  {
    name: 'remote.pushDefault',
    type: 'text',
    about: 'The remote that is pushed to unless one is named',
  },
  {
    name: 'branch.NAME.remote',
    type: 'text',
    about: 'The remote of the branch that a branch follows',
  },
  {
    name: 'branch.NAME.merge',
    type: 'text',
    about: 'The branch there that it follows, by its full name',
  },
  { name: 'branch.NAME.pushRemote', type: 'text', about: 'The remote that a branch is pushed to' },
  {
    name: 'push.default',
    type: 'choice',
    choices: ['simple', 'current', 'upstream', 'nothing'],
    default: 'simple',
    about:
      'What a push without refspecs pushes: the branch to the one that it follows, of the same name (simple) or any (upstream), or to its own name (current)',
  },
  {
    name: 'push.followTags',
    type: 'boolean',
    default: 'false',
    about: 'Whether a push takes along annotated tags of what it pushes',
  },
  {
    name: 'receive.denyNonFastForwards',
    type: 'boolean',
    default: 'false',
    about: 'Whether pushes to this repository may never rewrite history, not even with --force',
  },
  {
    name: 'receive.denyDeletes',
    type: 'boolean',
    default: 'false',
    about: 'Whether pushes to this repository may not delete branches and tags',
  },
  {
    name: 'receive.denyDeleteCurrent',
    type: 'choice',
    choices: ['refuse', 'ignore'],
    default: 'refuse',
    about:
      'What a push meets that deletes the default branch, or the one that the work tree stands on',
  },
  {
    name: 'receive.denyCurrentBranch',
    type: 'choice',
    choices: ['refuse', 'ignore'],
    default: 'refuse',
    about: 'What a push to the branch that the work tree stands on meets',
  },
  {
    name: 'receive.maxInputSize',
    type: 'number',
    about: 'Bytes that one push to this repository may bring at most: 16 GiB unless set',
  },
  { name: 'fetch.prune', type: 'boolean', default: 'false', about: 'Whether a fetch prunes' },
  {
    name: 'pull.ff',
    type: 'choice',
    choices: ['true', 'false', 'only'],
    default: 'true',
    about: 'Whether a pull may move the branch on, never does (false), or does nothing else (only)',
  },
]

/** The keys varve knows, by name in lower case. */
export const configKeys: ReadonlyMap<string, ConfigKey> = new Map(
  keys.map((key) => [key.name.toLowerCase(), key]),
)

/** What is known of a key in its normal form; undefined where it is misspelled. */
export function configKey(name: string): ConfigKey | undefined {
  const named = name.replace(/^(\w+)\..+\.(\w+)$/s, '$1.name.$2')
  const known = configKeys.get(named === name ? name : named)
  return known === undefined || named === name || known.name.includes('.NAME.') ? known : undefined
}
