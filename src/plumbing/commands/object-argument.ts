import type { Context } from '../../cli/context.ts'
import { type Id, isId } from '../../core/id.ts'
import type { Repository } from '../repository.ts'
import { resolveObjectName } from '../resolve-object-name.ts'
import { peelObject } from '../resolve-revision.ts'

/** The id of the object that an argument names; a whole id is taken without looking. */
export async function objectId(repo: Repository, context: Context, text: string): Promise<Id> {
  const lower = text.toLowerCase()
  if (isId(lower)) return lower
  return (await resolveObjectName(repo, text, { now: context.now() })).id
}

/** The tree that an argument names: itself, or a commit's, or a collection as `REV:NAME`. */
export async function treeId(repo: Repository, context: Context, text: string): Promise<Id> {
  const found = await resolveObjectName(repo, text, { now: context.now(), prefer: 'tree' })
  return peelObject(repo, found.id, 'tree', text)
}

/** What `-z` and quoted names come down to: how one record ends. */
export function ended(text: string, zero: boolean): string {
  return zero ? `${text}\0` : text
}
