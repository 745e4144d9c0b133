/**
 * The names in a repository: nested collections of series, each collection a prolly tree of its
 * own whose root is an object of kind `tree`. Layout: docs/format/tree.md.
 */
export { diffTrees, type TreeChange } from './tree-diff.ts'
export { type PathEdit, type UpdatePathsOptions, updatePaths } from './tree-edit.ts'
export {
  checkCollection,
  EMPTY_TREE,
  nameFormat,
  readTree,
  readTreeRoot,
  type TreeEntry,
  type TreeEntryKind,
  treeEntries,
  writeTree,
} from './tree-format.ts'
export {
  lookupPath,
  type PathEntry,
  settingsFor,
  type WalkOptions,
  walkTree,
} from './tree-walk.ts'
