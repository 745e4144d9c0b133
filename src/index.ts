/**
 * varve as a library: the operations that the commands call. Each takes a repository that is open
 * and plain options, and returns plain results; none prints or reads the environment.
 * `docs/library.md` shows how they are used.
 */

export { type Column, type ColumnType, columnTypes, isNull, type Scalar } from './core/column.ts'
export { ColumnBuilder } from './core/column-builder.ts'
export { scalarAt } from './core/column-ops.ts'
export { type Commit, readCommit, type Signature } from './core/commit.ts'
export { parseCommitDate, parseWhen } from './core/commit-date.ts'
export { type Duration, parseDuration } from './core/duration.ts'
export { type ErrorCode, hasCode, VarveError, type VarveErrorOptions } from './core/errors.ts'
export { frameFromRows, makeFrame } from './core/frame.ts'
export { type Id, isId, type ObjectKind, parseId } from './core/id.ts'
export { formatScalar, parseScalar } from './core/scalar-text.ts'
export type { ColumnSpec, Frame, Schema } from './core/schema.ts'
export { formatSchemaText, parseSchemaText } from './core/schema-codec.ts'
export {
  type InputTable,
  type Reading,
  type TableFormat,
  type TableFormatName,
  tableFormats,
  type WriteTableOptions,
} from './formats/table.ts'
export { openFormat } from './formats/table-formats.ts'
export {
  type CloneRepositoryOptions,
  cloneRepository,
  type LocalConnectOptions,
  localConnect,
} from './library/clone-repository.ts'
export {
  type OpenedRepository,
  type OpenRepositoryOptions,
  openRepository,
  type Person,
  type SignedCommit,
} from './library/open-repository.ts'
export { recordsOf, rowsOf } from './library/rows.ts'
export {
  bytesTable,
  fileTable,
  framesTable,
  type Row,
  type RowValue,
  rowsTable,
  type Source,
  type TableOptions,
} from './library/tables.ts'
export { catBlob, catSeriesColumn } from './plumbing/cat-blob.ts'
export { catCanonical, catObject, statObject } from './plumbing/cat-object.ts'
export { checkRefFormat } from './plumbing/check-ref-format.ts'
export { commitTree } from './plumbing/commit-tree.ts'
export type { Connect, RemotePlace } from './plumbing/connect.ts'
export { countObjects } from './plumbing/count-objects.ts'
export { diffTree } from './plumbing/diff-tree.ts'
export { findLakotaExport } from './plumbing/find-lakota-export.ts'
export { findVintages } from './plumbing/find-vintages.ts'
export { forEachRef } from './plumbing/for-each-ref.ts'
export { hashObject } from './plumbing/hash-object.ts'
export { lsFiles } from './plumbing/ls-files.ts'
export { lsTree } from './plumbing/ls-tree.ts'
export { mergeBase, mergeBaseIsAncestor } from './plumbing/merge-base.ts'
export { mkseries } from './plumbing/mkseries.ts'
export { mktree } from './plumbing/mktree.ts'
export { readTree } from './plumbing/read-tree.ts'
export type { Repository, RepositoryConfig } from './plumbing/repository.ts'
export { resolveCommit, resolveRevision } from './plumbing/resolve-revision.ts'
export { resolveSeries } from './plumbing/resolve-series.ts'
export { revList } from './plumbing/rev-list.ts'
export { revParse } from './plumbing/rev-parse.ts'
export { showRef } from './plumbing/show-ref.ts'
export { setSymbolicRef, symbolicRef } from './plumbing/symbolic-ref.ts'
export { type EngineOptions, tuneEngine } from './plumbing/tune-engine.ts'
export { updateIndex } from './plumbing/update-index.ts'
export { updateRef } from './plumbing/update-ref.ts'
export { writeTree } from './plumbing/write-tree.ts'
export { type AddedFile, type AddFilesOptions, addFiles } from './porcelain/add-files.ts'
export type { ChangeOptions, CommitRequest } from './porcelain/apply-change.ts'
export {
  type ArchiveContents,
  type ArchivedSeries,
  type ArchiveFormat,
  type ArchiveOptions,
  archive,
} from './porcelain/archive.ts'
export {
  type BlamedCommit,
  type BlameOptions,
  type BlameResult,
  type BlameRun,
  blame,
} from './porcelain/blame.ts'
export { createBranch, deleteBranches, listBranches, renameBranch } from './porcelain/branch.ts'
export { changeSchema, setSettings, showSchema } from './porcelain/change-schema.ts'
export type { SeriesChange } from './porcelain/change-summary.ts'
export { chartSvg, SVG_BUCKETS } from './porcelain/chart/chart-svg.ts'
export {
  type ChartLine,
  type ChartOptions,
  chartBuckets,
  drawChart,
} from './porcelain/chart/draw-chart.ts'
export { type CommitOptions, type CommitResult, commit } from './porcelain/commit.ts'
export { createSeries } from './porcelain/create-series.ts'
export { deleteRows } from './porcelain/delete-rows.ts'
export { diffRows } from './porcelain/diff.ts'
export { diffStats } from './porcelain/diff-stats.ts'
export { type FetchOptions, type FetchResult, fetch } from './porcelain/fetch.ts'
export { fsck } from './porcelain/fsck.ts'
export { repair } from './porcelain/fsck-repair.ts'
export { gc, prune } from './porcelain/gc.ts'
export {
  type HistoryOptions,
  type HistoryResult,
  history,
  type PointChange,
} from './porcelain/history.ts'
export {
  type ImportedHistory,
  type ImportGitOptions,
  type ImportProblem,
  importGit,
} from './porcelain/import-git/import-git.ts'
export { importOntoBranch } from './porcelain/import-git/import-onto-branch.ts'
export { importLakotaExport } from './porcelain/import-lakota-export.ts'
export { importTable } from './porcelain/import-table.ts'
export { importVintages } from './porcelain/import-vintages.ts'
export type { WriteMode } from './porcelain/laid-rows.ts'
export { listSeries } from './porcelain/list-series.ts'
export { log } from './porcelain/log.ts'
export { materialiseFiles } from './porcelain/materialise-files.ts'
export { type MergeOptions, type MergeResult, merge } from './porcelain/merge.ts'
export { abortMerge } from './porcelain/merge-abort.ts'
export { type ListedConflict, listConflicts } from './porcelain/merge-conflicts.ts'
export { readDecisions } from './porcelain/merge-decisions.ts'
export { resolveMerge } from './porcelain/merge-resolve.ts'
export { moveSeries, removeSeries } from './porcelain/move-series.ts'
export { openComparison } from './porcelain/open-comparison.ts'
export type { PlotData } from './porcelain/plot-data.ts'
export { type PlotSeriesOptions, plotSeries } from './porcelain/plot-series.ts'
export { type PullOptions, type PullResult, pull } from './porcelain/pull.ts'
export { purge } from './porcelain/purge.ts'
export { type PushOptions, type PushResult, push } from './porcelain/push.ts'
export {
  type BeforeHistory,
  type ReadKnownOptions,
  type ReadKnownResult,
  readKnownRows,
} from './porcelain/read-known.ts'
export { readManySeries } from './porcelain/read-many.ts'
export {
  type ReadSeriesOptions,
  type ReadSeriesResult,
  readSeriesRows,
} from './porcelain/read-rows.ts'
export {
  type ReadVintagesOptions,
  type ReadVintagesResult,
  readAllVintages,
} from './porcelain/read-vintages.ts'
export { reflog } from './porcelain/reflog.ts'
export {
  addRemote,
  listRemotes,
  pruneRemote,
  removeRemote,
  renameRemote,
  setRemoteUrl,
  showRemote,
} from './porcelain/remote.ts'
export { reset } from './porcelain/reset.ts'
export { restore } from './porcelain/restore.ts'
export { setUpstream, unsetUpstream } from './porcelain/set-upstream.ts'
export { show } from './porcelain/show.ts'
export { status } from './porcelain/status.ts'
export { checkoutRevision, switchBranch } from './porcelain/switch.ts'
export { type SyncOptions, type SyncResult, sync } from './porcelain/sync.ts'
export { createTag, deleteTags, listTags } from './porcelain/tag.ts'
export { trim } from './porcelain/trim.ts'
export { undo } from './porcelain/undo.ts'
export { unstage } from './porcelain/unstage.ts'
export {
  checkQuality,
  type SeriesBreak,
  type ValidateOptions,
  validate,
} from './porcelain/validate.ts'
export {
  type VintagesOptions,
  type VintagesResult,
  vintages,
} from './porcelain/vintages.ts'
export { type WriteSeriesOptions, writeSeries } from './porcelain/write-series.ts'
export { type WriteSplitOptions, writeSplit } from './porcelain/write-split.ts'
