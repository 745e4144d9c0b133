import { VarveError } from '../core/errors.ts'
import { isId, parseId } from '../core/id.ts'
import { checkRefName } from '../core/names.ts'
import { checkSignature } from '../core/signature.ts'
import type { Transaction } from './log-entry.ts'
import { checkFeatures } from './log-envelope.ts'
import type { LogState } from './log-state.ts'

/** What is in the log stays there: nothing goes in that a reader could not take. */
export function checkTransaction(transaction: Transaction): void {
  checkFeatures(transaction.features ?? [], 'the transaction')
  checkSignature('who', transaction.who)
  const names = new Set<string>()
  for (const { name, old, new: next } of transaction.updates) {
    checkRefName(name)
    if (old !== undefined) parseId(old)
    if (next !== undefined) parseId(next)
    if (names.has(name)) {
      throw new VarveError('refused', `one transaction cannot update ${name} twice`)
    }
    names.add(name)
  }
  for (const pack of transaction.packs) parseId(pack)
  for (const pack of transaction.retiredPacks ?? []) parseId(pack)
  const head = transaction.head?.new
  if (head !== undefined && !isId(head)) checkRefName(head)
}

/**
 * `conflict` where a ref is not as the transaction found it, or a pack of it does not count any more.
 *
 * @param exact whether the transaction was made for this very state: then it may retire packs that never counted
 */
export function checkUpdates(state: LogState, transaction: Transaction, exact: boolean): void {
  const { updates, packs, retiredPacks = [] } = transaction
  for (const { name, old } of updates) {
    const found = state.refs.get(name)
    if (found === old) continue
    const what = found === undefined ? 'does not exist' : old === undefined ? 'exists' : 'has moved'
    throw new VarveError('conflict', `${name} ${what}`, {
      data: { ref: name, expected: old ?? null, found: found ?? null },
      hint: 'somebody else changed it first: look at what is there now and try again',
    })
  }
  // Two that merge the same packs: the second would count what the first has replaced.
  const lost =
    packs.find((name) => state.retired.has(name)) ??
    (exact ? undefined : retiredPacks.find((name) => !state.packs.has(name)))
  if (lost === undefined) return
  throw new VarveError('conflict', `pack ${lost} does not count any more`, { data: { pack: lost } })
}
