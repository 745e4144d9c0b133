import { readCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import type { Reference } from '../core/references.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import type { Transaction } from '../storage/log-entry.ts'
import type { LogState } from '../storage/log-state.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { packPath } from '../storage/pack-writer.ts'
import type { RefLogOptions } from '../storage/ref-log.ts'
import { neededPacks } from './collect-packs.ts'

/**
 * What the ref log asks before it appends: that all that a transaction leads to is in packs that count then, or that
 * the transaction names. Who makes one found objects in packs that `gc` may have retired since, with what nothing led
 * to at that time: this is what keeps a ref from leading to what has gone.
 *
 * Nothing is looked through unless packs were retired meanwhile, or some are staged that the transaction may need.
 * `conflict` where something has gone: made again, with what is there now, the transaction is right.
 */
export function transactionRules(objects: ObjectStore): RefLogOptions {
  let first: number | undefined
  let retiredAt: number | undefined
  return {
    onState: (state) => {
      first ??= state.number
      if (state.retiredAt === retiredAt) return
      retiredAt = state.retiredAt
      objects.exclude(state.retired)
    },
    complete: async (transaction, state) => {
      const since = transaction.since ?? first ?? 0
      const isLate = state.retiredAt > since
      if (!isLate) {
        // Who says since when has named what it needs.
        if (transaction.since !== undefined) return transaction
        if ((await objects.stagedPacks(state.packs, state.retired)).length === 0) return transaction
      }
      const named = new Set(transaction.packs)
      try {
        if (isLate) await refuseGone(objects, transaction)
        for (const pack of await needed(objects, state, transaction)) named.add(pack)
      } catch (error) {
        if (!isLate || !hasCode(error, 'object-not-found')) throw error
        const message = `object ${error.data.id} was removed by gc at the same moment`
        throw new VarveError('conflict', message, {
          data: { object: error.data.id },
          hint: 'run the command again',
          cause: error,
        })
      }
      return named.size === transaction.packs.length
        ? transaction
        : { ...transaction, packs: [...named] }
    },
  }
}

/** What a process knows of packs that were retired ends where it slept through a checkpoint: their files tell. */
async function refuseGone(objects: ObjectStore, { packs }: Transaction): Promise<void> {
  for (const pack of packs) {
    if ((await objects.storage.size(packPath(pack))) !== undefined) continue
    throw new VarveError('conflict', `pack ${pack} was removed by gc at the same moment`, {
      data: { pack },
      hint: 'run the command again',
    })
  }
}

async function needed(
  objects: ObjectStore,
  state: LogState,
  { updates, head, index, shallow }: Transaction,
): Promise<string[]> {
  const ids = updates.flatMap((update) => (update.new === undefined ? [] : [update.new]))
  if (head !== undefined && isId(head.new)) ids.push(head.new)
  const starts: Reference[] = []
  for (const id of ids) {
    const pack = await objects.packOf(id, state)
    if (pack !== undefined && state.packs.has(pack)) continue
    starts.push({ kind: (await objects.readAny(id)).kind, id })
  }
  if (index?.old !== undefined && index.old !== EMPTY_TREE) {
    starts.push({ kind: 'tree', id: index.old })
  }
  const leftOut: Id[] = []
  for (const id of shallow?.added ?? []) leftOut.push(...(await readCommit(objects, id)).parents)
  return neededPacks(objects, state, starts, leftOut)
}
