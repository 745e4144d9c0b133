/**
 * Prolly trees: sorted entries in nodes whose ends are decided by the entries' own keys, so that
 * the tree depends on what is in it and not on how it got there. Both the trees of names and the
 * trees of segments are made of them. Layout and rules: docs/format/prolly-tree.md.
 *
 * A tree is handed about as its decoded root, for a series embeds its root in an object of its own.
 */
export { buildTree } from './prolly-build.ts'
export { checkNode, checkTree } from './prolly-check.ts'
export {
  entryAt,
  findEntry,
  ProllyCursor,
  type ProllyRange,
  rangeEntries,
} from './prolly-cursor.ts'
export { diffEntries, type ProllyChange } from './prolly-diff.ts'
export { applyEdits, type ProllyEdit } from './prolly-edit.ts'
export {
  decodeRoot,
  EMPTY_NODE,
  encodeNode,
  type ProllyEntry,
  type ProllyFormat,
  type ProllyNode,
  readRoot,
  storeRoot,
  weightOf,
} from './prolly-node.ts'
