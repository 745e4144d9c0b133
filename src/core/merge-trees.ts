import type { Id } from './id.ts'
import { columnRules } from './merge-cells.ts'
import type { ColumnsMerge, Versions } from './merge-columns.ts'
import type { RowConflict, Take } from './merge-group.ts'
import { mergeSeries, type SeriesVersions, seriesConflicts } from './merge-series.ts'
import { mergeSettingsOf, type SettingConflict } from './merge-settings.ts'
import type { ObjectWriter } from './objects.ts'
import type { SplitLimits } from './split.ts'
import {
  diffTrees,
  EMPTY_TREE,
  lookupPath,
  type PathEdit,
  settingsFor,
  type TreeChange,
  type TreeEntry,
  updatePaths,
} from './tree.ts'
import { findRenames } from './tree-renames.ts'

/** How all is settled that no rule of a column settles; `newest` is the side that changed last. */
export type MergeStrategy = 'ours' | 'theirs' | 'newest' | 'base'

/** A series, or a collection, that the two sides made different things of. */
export interface PathConflict {
  readonly kind: 'series'
  readonly path: string
  readonly reason: string
  readonly entries: Versions<TreeEntry | undefined>
}

/** Where two sides changed the same differently; what is merged has ours there. */
export type MergeConflict =
  | PathConflict
  | ({
      readonly kind: 'setting'
      readonly path: string
      readonly of: TreeEntry['kind']
    } & SettingConflict)
  | (RowConflict & { readonly path: string; readonly columns: ColumnsMerge })

export interface MergeTreesOptions {
  readonly strategy?: MergeStrategy | undefined
  /** Which side changed a path last: asked where `newest` decides. */
  readonly newest: (path: string) => Promise<'ours' | 'theirs'>
  readonly limits?: SplitLimits | undefined
}

export interface MergedTrees {
  readonly tree: Id
  readonly conflicts: number
}

/**
 * Merges two trees that come from a third: series by series, each by key and column, settings key by
 * key. A series that one side renamed meets the other side's changes. Reads what differs; equal subtrees are skipped.
 */
export async function mergeTrees(
  writer: ObjectWriter,
  trees: Versions<Id>,
  options: MergeTreesOptions & {
    /** Told of each conflict, path by path and then in key order. */
    readonly onConflict?: ((conflict: MergeConflict) => Promise<void> | void) | undefined
  },
): Promise<MergedTrees> {
  const { base, ours, theirs } = trees
  if (ours === theirs || base === theirs) return { tree: ours, conflicts: 0 }
  if (base === ours) return { tree: theirs, conflicts: 0 }
  let conflicts = 0
  const told = async (conflict: MergeConflict) => {
    conflicts++
    await options.onConflict?.(conflict)
  }
  const edits = new Map<string, PathEdit | undefined>()
  for await (const item of new TreeMerge(writer, trees, options, told).items()) {
    if ('conflict' in item) await told(item.conflict)
    else edits.set(item.path, item.edit)
  }
  return { tree: await updatePaths(writer, ours, edits, { replace: true }), conflicts }
}

/** The conflicts of {@link mergeTrees}; `writer` keeps what is made on the way. */
export async function* treeConflicts(
  writer: ObjectWriter,
  trees: Versions<Id>,
  options: MergeTreesOptions,
): AsyncGenerator<MergeConflict> {
  const { base, ours, theirs } = trees
  if (ours === theirs || base === theirs || base === ours) return
  for await (const item of new TreeMerge(writer, trees, options).items()) {
    if ('conflict' in item) yield item.conflict
  }
}

type Item =
  | { readonly path: string; readonly edit: PathEdit | undefined }
  | { readonly conflict: MergeConflict }
type Entries = Versions<TreeEntry | undefined>

class TreeMerge {
  readonly #writer: ObjectWriter
  readonly #trees: Versions<Id>
  readonly #options: MergeTreesOptions
  /** Where conflicts of rows go when series are merged; without it, they are only listed. */
  readonly #told: ((conflict: MergeConflict) => Promise<void>) | undefined
  /** Paths that are gone in what is merged. */
  readonly #removed = new Set<string>()

  constructor(
    writer: ObjectWriter,
    trees: Versions<Id>,
    options: MergeTreesOptions,
    told?: (conflict: MergeConflict) => Promise<void>,
  ) {
    this.#writer = writer
    this.#trees = trees
    this.#options = options
    this.#told = told
  }

  async *items(): AsyncGenerator<Item> {
    const mine = await this.#changes('ours')
    const others = await this.#changes('theirs')
    const myRenames = await findRenames(this.#writer, mine.values(), (path) => others.has(path))
    const theirRenames = await findRenames(this.#writer, others.values(), (path) => mine.has(path))
    for (const [path, { old, new: theirs }] of others) {
      const from = theirRenames.from.get(path)
      // What it was renamed from says what it is to be.
      if (from !== undefined && mine.has(from)) continue
      const entries = { base: old, ours: mine.has(path) ? mine.get(path)!.new : old, theirs }
      if (!mine.has(path)) {
        yield* this.#take(path, entries)
        continue
      }
      const movedTo = theirs === undefined ? theirRenames.to.get(path) : undefined
      const movedHere = entries.ours === undefined ? myRenames.to.get(path) : undefined
      if (movedHere !== undefined && theirs !== undefined && !others.has(movedHere)) {
        const there = await lookupPath(this.#writer, this.#trees.ours, movedHere)
        yield* this.#merge(movedHere, { ...entries, ours: there })
      } else if (
        movedTo !== undefined &&
        entries.ours !== undefined &&
        !mine.has(movedTo) &&
        (await this.#inTheWay(movedTo, entries.ours)) === undefined
      ) {
        this.#removed.add(path)
        yield { path, edit: undefined }
        yield* this.#merge(movedTo, { ...entries, theirs: others.get(movedTo)!.new }, true)
      } else {
        yield* this.#merge(path, entries)
        if (movedTo === undefined) continue
        const came = {
          base: myRenames.to.get(path) === movedTo ? old : undefined,
          ours: mine.get(movedTo)?.new,
          theirs: others.get(movedTo)!.new,
        }
        yield* came.ours === undefined ? this.#take(movedTo, came) : this.#merge(movedTo, came)
      }
    }
  }

  async #changes(side: 'ours' | 'theirs'): Promise<Map<string, TreeChange>> {
    const changes = new Map<string, TreeChange>()
    for await (const change of diffTrees(this.#writer, this.#trees.base, this.#trees[side])) {
      changes.set(change.path, change)
    }
    return changes
  }

  /** What theirs alone changed, unless something of ours is in its way. */
  async *#take(path: string, entries: Entries): AsyncGenerator<Item> {
    const { theirs } = entries
    const inTheWay = theirs === undefined ? undefined : await this.#inTheWay(path, theirs)
    if (inTheWay === undefined) yield this.#put(path, entries.base, theirs)
    else yield* this.#clash(path, inTheWay, entries)
  }

  /** Why an entry cannot stand at a path in what is merged. */
  async #inTheWay(path: string, entry: TreeEntry): Promise<string | undefined> {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const above = path.slice(0, end)
      const found = await lookupPath(this.#writer, this.#trees.ours, above)
      if (found === undefined) break
      if (found.kind === 'series' && !this.#removed.has(above)) return `${above} is a series here`
    }
    const here = await lookupPath(this.#writer, this.#trees.ours, path)
    if (here === undefined || here.kind === entry.kind || this.#removed.has(path)) return undefined
    if (here.kind === 'series') return `${path} is a series here and a collection there`
    const before = await lookupPath(this.#writer, this.#trees.base, path)
    // A collection of the base went with all that was in it, or what is left of it is ours.
    if (before?.kind === 'tree' && before.id === here.id) return undefined
    return `${path} is a collection here and a series there`
  }

  #put(path: string, old: TreeEntry | undefined, entry: TreeEntry | undefined): Item {
    if (entry?.kind === 'series') {
      return { path, edit: { kind: 'series', id: entry.id, settings: entry.settings ?? null } }
    }
    const settings = entry?.settings ?? null
    if (old?.kind === 'series') {
      this.#removed.add(path)
      if (entry === undefined) return { path, edit: undefined }
      return { path, edit: { kind: 'tree', id: EMPTY_TREE, settings } }
    }
    return { path, edit: { settings } }
  }

  async *#clash(path: string, reason: string, entries: Entries): AsyncGenerator<Item> {
    const take = await this.#settle(path)
    if (take === undefined) yield { conflict: { kind: 'series', path, reason, entries } }
    else if (take !== 'ours') yield this.#put(path, entries.ours, entries[take])
  }

  async #settle(path: string): Promise<Take | undefined> {
    const { strategy, newest } = this.#options
    return strategy === 'newest' ? newest(path) : strategy
  }

  /** What both sides changed. `moved`: the path is not that of ours. */
  async *#merge(path: string, entries: Entries, moved = false): AsyncGenerator<Item> {
    const { base, ours, theirs } = entries
    if (!moved && sameEntry(ours, theirs)) return
    if (ours === undefined || theirs === undefined) {
      const left = (ours ?? theirs)!
      const isSame = base?.kind === left.kind && base.id === left.id && left.kind === 'series'
      if (left.kind === 'tree' && base?.kind === 'series') {
        // A collection has taken the place of the series that the other side deleted.
        if (theirs !== undefined) yield this.#put(path, ours, theirs)
        return
      }
      if (isSame || left.kind === 'tree') {
        // Nothing but settings was changed of what the other side deleted.
        if (ours !== undefined) yield this.#put(path, ours, undefined)
        return
      }
      const [gone, kept] = ours === undefined ? ['here', 'there'] : ['there', 'here']
      yield* this.#clash(path, `deleted ${gone} and changed ${kept}`, entries)
      return
    }
    if (ours.kind !== theirs.kind) {
      const [here, there] = [ours, theirs].map(({ kind }) =>
        kind === 'tree' ? 'a collection' : 'a series',
      )
      yield* this.#clash(path, `${here} here and ${there} there`, entries)
      return
    }
    const conflicts: MergeConflict[] = []
    const settings = await mergeSettingsOf(
      this.#writer,
      { base: base?.settings, ours: ours.settings, theirs: theirs.settings },
      () => this.#settle(path),
      (conflict) => {
        conflicts.push({ kind: 'setting', path, of: ours.kind, ...conflict })
      },
    )
    for (const conflict of conflicts) yield { conflict }
    if (ours.kind === 'tree') {
      yield { path, edit: { settings: settings ?? null } }
      return
    }
    const ids = {
      base: base?.kind === 'series' ? base.id : undefined,
      ours: ours.id,
      theirs: theirs.id,
    }
    const id = yield* this.#mergeSeries(path, ids, entries)
    yield { path, edit: { kind: 'series', id, settings: settings ?? null } }
  }

  async *#mergeSeries(
    path: string,
    ids: SeriesVersions,
    entries: Entries,
  ): AsyncGenerator<Item, Id> {
    const { ours: treeId } = this.#trees
    const options = {
      rules: columnRules(await settingsFor(this.#writer, treeId, path)),
      settle: () => this.#settle(path),
      newest: () => this.#options.newest(path),
      limits: this.#options.limits,
    }
    const told = this.#told
    let clash: string | undefined
    if (told === undefined) {
      for await (const found of seriesConflicts(this.#writer, ids, options)) {
        if ('clash' in found) clash = found.clash
        else yield { conflict: { ...found.conflict, path, columns: found.columns } }
      }
    } else {
      const merged = await mergeSeries(this.#writer, ids, {
        ...options,
        onConflict: (conflict, columns) => told({ ...conflict, path, columns }),
      })
      if ('id' in merged) return merged.id
      clash = merged.clash
    }
    if (clash === undefined) return ids.ours
    const take = await this.#settle(path)
    if (take !== undefined) return ids[take] ?? ids.ours
    yield { conflict: { kind: 'series', path, reason: clash, entries } }
    return ids.ours
  }
}

function sameEntry(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.kind === b.kind && a.id === b.id && a.settings === b.settings
}
