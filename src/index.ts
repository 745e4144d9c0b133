/**
 * varve as a library: the operations that the commands call. Each takes an open repository and
 * plain options, and returns plain results; none prints, reads the environment or asks the time.
 */

export { type Column, type ColumnType, columnTypes, type Scalar } from './core/column.ts'
export { scalarAt } from './core/column-ops.ts'
export { type Commit, readCommit, type Signature } from './core/commit.ts'
export { parseCommitDate, parseWhen } from './core/commit-date.ts'
export { type ErrorCode, hasCode, VarveError, type VarveErrorOptions } from './core/errors.ts'
export { frameFromRows, makeFrame } from './core/frame.ts'
export { type Id, isId, type ObjectKind, parseId } from './core/id.ts'
export type { ColumnSpec, Frame, Schema } from './core/schema.ts'
export { formatSchemaText, parseSchemaText } from './core/schema-codec.ts'
export { type CsvDialect, inferCsv, readCsv, writeCsv } from './formats/csv/index.ts'
export type { InputTable, Reading, TableFormatName } from './formats/table.ts'
export {
  type OpenedRepository,
  type OpenRepositoryOptions,
  openRepository,
  type Person,
  type SignedCommit,
} from './library/open-repository.ts'
export type { Repository, RepositoryConfig } from './plumbing/repository.ts'
export { resolveCommit, resolveRevision } from './plumbing/resolve-revision.ts'
export { resolveSeries } from './plumbing/resolve-series.ts'
export { revList } from './plumbing/rev-list.ts'
export { updateRef } from './plumbing/update-ref.ts'
export { type AddedFile, type AddFilesOptions, addFiles } from './porcelain/add-files.ts'
export type { ChangeOptions, CommitRequest } from './porcelain/apply-change.ts'
export { createBranch, deleteBranches, listBranches, renameBranch } from './porcelain/branch.ts'
export { changeSchema, setSettings, showSchema } from './porcelain/change-schema.ts'
export { commit } from './porcelain/commit.ts'
export { createSeries } from './porcelain/create-series.ts'
export { deleteRows } from './porcelain/delete-rows.ts'
export { diffRows } from './porcelain/diff.ts'
export { fsck } from './porcelain/fsck.ts'
export { listSeries } from './porcelain/list-series.ts'
export { log } from './porcelain/log.ts'
export { materialiseFiles } from './porcelain/materialise-files.ts'
export { moveSeries, removeSeries } from './porcelain/move-series.ts'
export { type ReadSeriesOptions, readSeriesRows } from './porcelain/read-rows.ts'
export { reflog } from './porcelain/reflog.ts'
export { reset } from './porcelain/reset.ts'
export { restore } from './porcelain/restore.ts'
export { status } from './porcelain/status.ts'
export { checkoutRevision, switchBranch } from './porcelain/switch.ts'
export { createTag, deleteTags, listTags } from './porcelain/tag.ts'
export { undo } from './porcelain/undo.ts'
export { writeSeries } from './porcelain/write-series.ts'
export type { Storage } from './storage/storage.ts'
