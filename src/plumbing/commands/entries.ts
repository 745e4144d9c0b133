import { type CommandEntry, command } from '../../cli/command-table.ts'

const plumbing = (name: string, summary: string, load: CommandEntry['load']) =>
  command('plumbing', name, summary, load)

/** The plumbing commands, for the command table. */
export const plumbingCommands: readonly CommandEntry[] = [
  plumbing('cat-blob', 'Print the values of a column, or the bytes of a blob', () =>
    import('./cat-blob.ts').then((m) => m.catBlobCommand),
  ),
  plumbing('cat-object', 'Print the kind, size or content of any object', () =>
    import('./cat-object.ts').then((m) => m.catObjectCommand),
  ),
  plumbing('check-ref-format', 'Check whether a name can be that of a ref', () =>
    import('./check-ref-format.ts').then((m) => m.checkRefFormatCommand),
  ),
  plumbing('commit-tree', 'Store a commit of a tree', () =>
    import('./commit-tree.ts').then((m) => m.commitTreeCommand),
  ),
  plumbing('count-objects', 'Count the objects and what they take on disk', () =>
    import('./count-objects.ts').then((m) => m.countObjectsCommand),
  ),
  plumbing('diff-tree', 'Compare two trees by the ids of what is in them', () =>
    import('./diff-tree.ts').then((m) => m.diffTreeCommand),
  ),
  plumbing('for-each-ref', 'Print something about each ref', () =>
    import('./for-each-ref.ts').then((m) => m.forEachRefCommand),
  ),
  plumbing('hash-object', 'Compute the id of values or bytes, and store them with -w', () =>
    import('./hash-object.ts').then((m) => m.hashObjectCommand),
  ),
  plumbing('index-pack', 'Verify a pack from somewhere else, and store it with --stdin', () =>
    import('./index-pack.ts').then((m) => m.indexPackCommand),
  ),
  plumbing('ls-files', 'List the series in the index, and files that differ from it', () =>
    import('./ls-files.ts').then((m) => m.lsFilesCommand),
  ),
  plumbing('ls-remote', 'List the refs of another repository', () =>
    import('./ls-remote.ts').then((m) => m.lsRemoteCommand),
  ),
  plumbing('ls-tree', 'List what is in a tree', () =>
    import('./ls-tree.ts').then((m) => m.lsTreeCommand),
  ),
  plumbing('merge-base', 'Find the commit that histories have in common', () =>
    import('./merge-base.ts').then((m) => m.mergeBaseCommand),
  ),
  plumbing('mkseries', 'Make a series of stored columns, or of rows', () =>
    import('./mkseries.ts').then((m) => m.mkseriesCommand),
  ),
  plumbing('mktree', 'Make a tree of entries given on standard input', () =>
    import('./mktree.ts').then((m) => m.mktreeCommand),
  ),
  plumbing('pack-objects', 'Put objects into one pack, for somewhere else', () =>
    import('./pack-objects.ts').then((m) => m.packObjectsCommand),
  ),
  plumbing('read-tree', 'Make the index hold a tree', () =>
    import('./read-tree.ts').then((m) => m.readTreeCommand),
  ),
  plumbing('receive-pack', 'Take what somebody pushes, over standard input and output', () =>
    import('./receive-pack.ts').then((m) => m.receivePackCommand),
  ),
  plumbing('rev-list', 'List commits that revisions lead to', () =>
    import('./rev-list.ts').then((m) => m.revListCommand),
  ),
  plumbing('rev-parse', 'Turn revisions into ids', () =>
    import('./rev-parse.ts').then((m) => m.revParseCommand),
  ),
  plumbing('show-ref', 'List refs and where they are', () =>
    import('./show-ref.ts').then((m) => m.showRefCommand),
  ),
  plumbing('symbolic-ref', 'Read or set which branch HEAD is on', () =>
    import('./symbolic-ref.ts').then((m) => m.symbolicRefCommand),
  ),
  plumbing('unpack-objects', 'Store what is not here yet of a pack on standard input', () =>
    import('./unpack-objects.ts').then((m) => m.unpackObjectsCommand),
  ),
  plumbing('update-index', 'Put stored series into the index, or take series out', () =>
    import('./update-index.ts').then((m) => m.updateIndexCommand),
  ),
  plumbing('update-ref', 'Set, create or delete refs, safely', () =>
    import('./update-ref.ts').then((m) => m.updateRefCommand),
  ),
  plumbing('upload-pack', 'Give objects to whoever fetches, over standard input and output', () =>
    import('./upload-pack.ts').then((m) => m.uploadPackCommand),
  ),
  plumbing('verify-pack', 'Check packs, and list what is in them', () =>
    import('./verify-pack.ts').then((m) => m.verifyPackCommand),
  ),
  plumbing('write-tree', 'Print the id of the tree that the index holds', () =>
    import('./write-tree.ts').then((m) => m.writeTreeCommand),
  ),
]
