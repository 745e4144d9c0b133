import { type Signature, writeCommit } from '../../core/commit.ts'
import { VarveError } from '../../core/errors.ts'
import type { Id } from '../../core/id.ts'
import { escapeControl } from '../../core/names.ts'
import { lookupPath, type PathEdit, updatePaths } from '../../core/tree.ts'
import { clampCommitter } from '../../plumbing/clamp-committer.ts'
import { packsToPublish } from '../../plumbing/collect-packs.ts'
import { isAncestor } from '../../plumbing/common-ancestors.ts'
import { type GitCommit, type GitStep, parseGitCommit } from '../../plumbing/git/git-commits.ts'
import type { GitObjects } from '../../plumbing/git/git-objects.ts'
import { type GitFile, GitTrees } from '../../plumbing/git/git-trees.ts'
import { treeOf } from '../../plumbing/index-state.ts'
import { mergeDuePacks } from '../../plumbing/merge-packs.ts'
import type { Repository } from '../../plumbing/repository.ts'
import type { BuiltSeries } from '../add-series.ts'
import { settingsOfNew } from '../input-zone.ts'
import { interruptible, throwIfInterrupted } from '../interruptible.ts'
import { followTable, isAboutTable } from './follow-table.ts'
import { openGitTable } from './git-table.ts'
import type { ImportGitOptions, ImportProblem } from './import-git.ts'
import { type ImportState, writeImportState } from './import-state.ts'
import { type TableFile, TableFiles } from './table-files.ts'

/** New objects are published when they come to this much, so that little is done again. */
const PART_BYTES = 64 * 1024 * 1024
const PART_COMMITS = 1000
/** Versions of tables whose series are remembered: merges and reverts bring them back. */
const REMEMBERED = 100_000

export interface ImportDetails extends ImportGitOptions {
  readonly ref: string
  readonly prefix: string
  readonly into: string
}

type ObjectBatch = Awaited<ReturnType<Repository['objects']['begin']>>

/** A version of a table, read: the series, or why there is none. */
type Outcome = { readonly built: BuiltSeries } | { readonly fault: VarveError }

/** One run of an import: the commits of git that are new to it, parents before children. */
export class Import {
  readonly counts = { read: 0, made: 0, tables: 0, problems: 0 }
  readonly #repo: Repository
  readonly #objects: GitObjects
  readonly #trees: GitTrees
  readonly #state: ImportState
  readonly #steps: readonly GitStep[]
  readonly #options: ImportDetails
  /** For each commit of git how many that are to come have it as their first parent. */
  readonly #children = new Map<string, number>()
  /** The tables at commits that others come after. */
  readonly #files = new Map<string, TableFiles>()
  readonly #outcomes = new Map<string, Outcome>()
  #batch: ObjectBatch | undefined
  #stateId: Id | undefined
  #unsaved = 0

  constructor(
    repo: Repository,
    objects: GitObjects,
    state: ImportState,
    steps: readonly GitStep[],
    options: ImportDetails,
  ) {
    this.#repo = repo
    this.#objects = objects
    this.#trees = new GitTrees(objects)
    this.#state = state
    this.#stateId = state.id
    this.#steps = steps
    this.#options = options
  }

  async all(): Promise<void> {
    const { commits } = this.#state
    const steps = this.#steps.filter(({ oid }) => !commits.has(oid))
    this.#options.onTotal?.(steps.length)
    for (const { parents } of steps) {
      const [first] = parents
      if (first !== undefined) this.#children.set(first, (this.#children.get(first) ?? 0) + 1)
    }
    try {
      for (const step of steps) {
        throwIfInterrupted(this.#options.signal)
        await this.#import(step)
        this.counts.read++
        this.#unsaved++
        this.#options.onCommit?.()
        if (this.#unsaved >= PART_COMMITS || (this.#batch?.bytes ?? 0) > PART_BYTES) {
          await this.#save()
        }
      }
      await this.#save()
    } catch (error) {
      await this.#saveWhatThereIs()
      throw error
    } finally {
      await this.#batch?.discard()
    }
  }

  /** Whoever stops the import finds what was done when it goes on. */
  async #saveWhatThereIs(): Promise<void> {
    try {
      await this.#save()
    } catch (error) {
      // What stopped it is said already, and may be what stops this.
      if (!(error instanceof VarveError)) throw error
    }
  }

  async #writer(): Promise<ObjectBatch> {
    // Not ended by the signal: what was done so far is still to be published.
    this.#batch ??= await this.#repo.objects.begin()
    return this.#batch
  }

  async #import({ oid, parents }: GitStep): Promise<void> {
    const { commits, heads } = this.#state
    const writer = await this.#writer()
    const commit = parseGitCommit(await this.#objects.structure(oid, 'commit'))
    const ours = [...new Set(parents.map((parent) => commits.get(parent)))].filter(
      (id) => id !== undefined,
    )
    const first = parents[0]
    const onFirst = first === undefined ? undefined : commits.get(first)
    const before = await treeOf(writer, onFirst)
    const files = await this.#filesAt(first)
    const changed = await this.#changedFiles(first, commit)
    const { series, unplaced } = files.change(changed)
    for (const { path, reason } of unplaced) {
      if (changed.some((file) => file.path === path)) this.#report(oid, { file: path, reason })
    }
    const edits = new Map<string, PathEdit | undefined>()
    for (const [path, file] of series) {
      const there = await lookupPath(writer, before, path)
      if (file === undefined) {
        if (there !== undefined) edits.set(path, undefined)
        continue
      }
      const outcome = await this.#outcome(before, path, file)
      if ('fault' in outcome) {
        this.#reportFault(oid, path, file, outcome.fault, there !== undefined)
      } else if (there?.kind !== 'series' || there.id !== outcome.built.id) {
        const { id, zone } = outcome.built
        const settings = there?.kind === 'series' ? undefined : await settingsOfNew(writer, zone)
        edits.set(path, { kind: 'series', id, settings })
      }
    }
    this.#keepFiles(oid, files)
    const tree =
      edits.size === 0 ? before : await updatePaths(writer, before, edits, { replace: true })
    if (tree === before && (await this.#areBehind(onFirst, ours))) {
      commits.set(oid, onFirst)
      return
    }
    const id = await writeCommit(writer, {
      tree,
      parents: ours,
      author: commit.author,
      committer: await clampCommitter(writer, ours, { committer: this.#notAhead(commit) }),
      message: commit.message,
    })
    commits.set(oid, id)
    for (const parent of ours) heads.delete(parent)
    heads.add(id)
    this.counts.made++
  }

  /** Whether commits are the same as another one, or come before it. */
  async #areBehind(tip: Id | undefined, ids: readonly Id[]): Promise<boolean> {
    const others = ids.filter((id) => id !== tip)
    if (others.length === 0 || tip === undefined) return others.length === 0
    const { shallow } = await this.#repo.refs.state()
    for (const id of others) {
      if (!(await isAncestor(await this.#writer(), id, tip, shallow))) return false
    }
    return true
  }

  /** A commit that claims to be made later than now would be refused by whoever receives it. */
  #notAhead({ committer }: GitCommit): Signature {
    return { ...committer, seconds: Math.min(committer.seconds, this.#options.who.seconds) }
  }

  async #changedFiles(first: string | undefined, commit: GitCommit): Promise<GitFile[]> {
    const before = first === undefined ? undefined : await this.#gitTreeOf(first)
    const changed: GitFile[] = []
    for await (const file of this.#trees.changes(before, commit.tree, this.#options.prefix)) {
      changed.push(file)
    }
    return changed
  }

  async #gitTreeOf(oid: string): Promise<string> {
    return parseGitCommit(await this.#objects.structure(oid, 'commit')).tree
  }

  /** The tables at a commit, to be changed by whoever asked. */
  async #filesAt(oid: string | undefined): Promise<TableFiles> {
    if (oid === undefined) return this.#noFiles()
    const known = this.#files.get(oid)
    const left = (this.#children.get(oid) ?? 1) - 1
    this.#children.set(oid, left)
    if (known !== undefined) {
      if (left > 0) return known.copy()
      this.#files.delete(oid)
      return known
    }
    const files = this.#noFiles()
    const all: GitFile[] = []
    const tree = await this.#gitTreeOf(oid)
    for await (const file of this.#trees.changes(undefined, tree, this.#options.prefix))
      all.push(file)
    files.change(all)
    if (left > 0) this.#files.set(oid, files.copy())
    return files
  }

  #noFiles(): TableFiles {
    return new TableFiles(this.#options.prefix, this.#options.into)
  }

  #keepFiles(oid: string, files: TableFiles): void {
    if ((this.#children.get(oid) ?? 0) > 0) this.#files.set(oid, files)
  }

  /** The series that a version of a table is; read once, however often it comes back. */
  async #outcome(tree: Id, path: string, file: TableFile): Promise<Outcome> {
    const key = `${file.oid} ${file.path} ${path}`
    const known = this.#outcomes.get(key)
    if (known !== undefined) return known
    const outcome = await this.#read(tree, path, file)
    this.#outcomes.set(key, outcome)
    if (this.#outcomes.size > REMEMBERED) {
      this.#outcomes.delete(this.#outcomes.keys().next().value!)
    }
    return outcome
  }

  async #read(tree: Id, path: string, file: TableFile): Promise<Outcome> {
    const { reading = {}, index, signal } = this.#options
    const writer = await this.#writer()
    this.counts.tables++
    try {
      const table = await openGitTable(this.#objects, file, reading)
      try {
        const watched = interruptible(table, signal)
        return { built: await followTable(writer, tree, path, watched, { index }) }
      } finally {
        await table.discard()
      }
    } catch (error) {
      if (!isAboutTable(error)) throw error
      return { fault: error }
    }
  }

  #reportFault(
    commit: string,
    series: string,
    file: TableFile,
    fault: VarveError,
    isThere: boolean,
  ) {
    const { strict = false } = this.#options
    const { line } = fault.data
    if (strict) {
      throw new VarveError(fault.code, `commit ${commit.slice(0, 12)}: ${fault.message}`, {
        data: { ...fault.data, commit, series },
        hint: 'without --strict the series stays as it was before, and the import goes on',
        cause: fault,
      })
    }
    this.#report(commit, {
      file: file.path,
      series,
      ...(typeof line === 'number' && { line }),
      reason: withoutPlace(fault, file.path),
      instead: isThere ? 'as before' : 'absent',
    })
  }

  #report(
    commit: string,
    problem: Omit<ImportProblem, 'commit' | 'instead'> & Partial<ImportProblem>,
  ): void {
    this.counts.problems++
    this.#options.onProblem?.({ instead: 'absent', ...problem, commit })
  }

  /** Publishes what was imported, and says so in the ref. */
  async #save(): Promise<void> {
    if (this.#batch === undefined || this.#unsaved === 0) return
    const { who, ref } = this.#options
    const { commits } = this.#state
    const message = `${commits.size.toLocaleString('en-US')} commits imported from git\n`
    const next = await writeImportState(
      this.#batch,
      { ...this.#state, id: this.#stateId },
      { who, message },
    )
    const pack = await this.#batch.publish()
    await this.#batch.discard()
    this.#batch = undefined
    await this.#repo.refs.append({
      updates: [{ name: ref, old: this.#stateId, new: next }],
      who,
      message: `import git: ${message.trim()}`,
      packs: await packsToPublish(
        this.#repo,
        { kind: 'commit', id: next },
        pack === undefined ? [] : [pack],
      ),
    })
    this.#stateId = next
    this.#unsaved = 0
    await mergeDuePacks(this.#repo, who)
  }
}

/** What is wrong, without the place that is said beside it. */
function withoutPlace({ message }: VarveError, file: string): string {
  const name = escapeControl(file)
  return message.startsWith(name)
    ? message.slice(name.length).replace(/^(?::\d+)*(?:: |, )/, '')
    : message
}
