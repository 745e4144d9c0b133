import type { Signature } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { cleanMessage } from '../core/message.ts'
import { tagRefName } from '../core/names.ts'
import { nearest } from '../core/nearest.ts'
import { writeTag } from '../core/tag.ts'
import { type ForEachRefOptions, forEachRef, type RefDetails } from '../plumbing/for-each-ref.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveRevision } from '../plumbing/resolve-revision.ts'
import { updateRef } from '../plumbing/update-ref.ts'
import type { DeletedRef } from './branch.ts'

export interface ListTagsOptions
  extends Pick<
    ForEachRefOptions,
    'contains' | 'noContains' | 'merged' | 'noMerged' | 'pointsAt' | 'sort' | 'now'
  > {
  /** Only these; patterns with `*` too. */
  readonly names?: readonly string[] | undefined
}

/** Tags by name, unless sorted otherwise. */
export function listTags(
  repo: Repository,
  { names = [], ...options }: ListTagsOptions = {},
): Promise<RefDetails[]> {
  const patterns = names.length === 0 ? ['refs/tags'] : names.map((name) => `refs/tags/${name}`)
  return forEachRef(repo, { ...options, patterns })
}

export interface CreateTagOptions {
  /** Short name. */
  readonly name: string
  /** The revision it stands for: HEAD unless given. */
  readonly target?: string | undefined
  /** Make a tag object that says this, by `who`. Without it the tag is a mere name. */
  readonly message?: string | undefined
  /** Move it if it exists. */
  readonly force?: boolean | undefined
  readonly who: Signature
  readonly now?: CommitDate | undefined
}

export interface CreatedTag {
  readonly name: string
  readonly ref: string
  /** What the ref is at: a tag object where there is a message. */
  readonly id: Id
  /** What it stands for. */
  readonly object: Id
  readonly kind: ObjectKind
  readonly old: Id | undefined
}

/** Names a commit, or any other object. `already-exists` unless `force`. */
export async function createTag(repo: Repository, options: CreateTagOptions): Promise<CreatedTag> {
  const { name, target = 'HEAD', message, force = false, who, now } = options
  const ref = tagRefName(name)
  const { id: object, kind } = await resolveRevision(repo, target, { now, prefer: 'commit' })
  const old = (await repo.refs.state()).refs.get(ref)
  if (old !== undefined && !force) {
    throw new VarveError('already-exists', `there is a tag ${name} already`, {
      data: { tag: name, id: old },
      hint: 'another name, or --force to move it',
    })
  }
  const id =
    message === undefined ? object : await storeTag(repo, { ...options, message }, object, kind)
  await updateRef(repo, {
    changes: [{ ref, new: id, old: old ?? null }],
    who,
    message: `tag: ${old === undefined ? '' : 'moved '}${name}`,
  })
  return { name, ref, id, object, kind, old }
}

async function storeTag(
  repo: Repository,
  { name, who, ...options }: CreateTagOptions & { readonly message: string },
  object: Id,
  kind: ObjectKind,
): Promise<Id> {
  const message = cleanMessage(options.message)
  if (message === '') {
    throw new VarveError('refused', 'an annotated tag needs a message', {
      hint: 'a tag without one is made without -a',
    })
  }
  const batch = await repo.objects.begin()
  try {
    const id = await writeTag(batch, { object, kind, name, tagger: who, message })
    await batch.publish()
    return id
  } finally {
    await batch.discard()
  }
}

/** Deletes tags, all or none. `ref-not-found` with the nearest name. */
export async function deleteTags(
  repo: Repository,
  options: { readonly names: readonly string[]; readonly who: Signature },
): Promise<DeletedRef[]> {
  const { refs } = await repo.refs.state()
  const deleted = [...new Set(options.names)].map((name): DeletedRef => {
    const ref = `refs/tags/${name}`
    const id = refs.get(ref)
    if (id !== undefined) return { name, ref, id }
    const tags = [...refs.keys()].filter((other) => other.startsWith('refs/tags/'))
    const near = nearest(
      name,
      tags.map((other) => other.slice('refs/tags/'.length)),
    )
    throw new VarveError('ref-not-found', `there is no tag ${JSON.stringify(name)}`, {
      data: { tag: name, ...(near !== undefined && { nearest: near }) },
      ...(near !== undefined && { hint: `did you mean ${near}?` }),
    })
  })
  const changes = deleted.map(({ ref, id }) => ({ ref, new: undefined, old: id }))
  const message = `tag: deleted ${deleted.map(({ name }) => name).join(', ')}`
  await updateRef(repo, { changes, who: options.who, message })
  return deleted
}
