import type { Id } from '../../core/id.ts'
import { CommitList } from './commit-list.ts'
import { isWhole } from './looked-up.ts'
import { outdated } from './outdated.ts'
import type { Answer, Failure, Outstanding } from './requests.ts'
import { foundLater } from './search.ts'
import type { Answers, CommitsView, Loaded, State } from './state.ts'
import type { CommitWeight, ListedCommit } from './view-data.ts'

/** Answers that are kept of a kind, and commits whose weight is. */
const KEPT_ANSWERS = 32
const KEPT_WEIGHTS = 4096

/** The state after a part of an answer came. */
export function arrived(state: State, number: number, answer: Answer): State {
  const current = state.outstanding.get(answer.kind)
  if (current?.number !== number) return state
  switch (answer.kind) {
    case 'commits':
      return current.isCancelled ? state : listed(state, answer.batch)
    case 'weights':
      return weighed(state, answer.weights)
    case 'touching':
      return current.isCancelled ? state : foundLater(state, answer.ids)
    case 'act':
      return { ...outdated(state, true), message: { text: answer.said, isError: false } }
    default:
      return kept(state, answer.kind, current.key, { value: answer.value })
  }
}

/** The state after a request came to its end. */
export function ended(before: State, number: number, failure: Failure | undefined): State {
  const current = [...before.outstanding.values()].find((asked) => asked.number === number)
  if (current === undefined) return before
  const outstanding = new Map(before.outstanding)
  outstanding.delete(current.request.kind)
  const state = { ...before, outstanding }
  if (current.request.kind === 'act') {
    const message = failure === undefined ? state.message : { text: told(failure), isError: true }
    return { ...state, acting: undefined, message }
  }
  return current.isCancelled ? state : finished(state, current, failure)
}

function finished(state: State, current: Outstanding, failure: Failure | undefined): State {
  const { request, key } = current
  switch (request.kind) {
    case 'commits':
      return completed(state, failure)
    case 'weights': {
      const unknown = request.ids.filter((id) => !state.weights.has(id))
      return weighed(
        state,
        unknown.map((id) => ({ id, rows: undefined })),
      )
    }
    case 'touching':
      return searchedAll(state, failure)
    case 'act':
      return state
    default: {
      const isAnswered =
        request.kind === 'life'
          ? isWhole(state.answers.life.get(key))
          : state.answers[request.kind].has(key)
      if (isAnswered) return state
      return kept(state, request.kind, key, { failure: failure ?? { message: 'no answer came' } })
    }
  }
}

function kept(state: State, kind: keyof Answers, key: string, loaded: Loaded<unknown>): State {
  const answers = new Map<string, unknown>(state.answers[kind])
  answers.delete(key)
  answers.set(key, loaded)
  for (const oldest of answers.keys()) {
    if (answers.size <= KEPT_ANSWERS) break
    answers.delete(oldest)
  }
  return { ...state, answers: { ...state.answers, [kind]: answers } }
}

function weighed(state: State, counted: readonly CommitWeight[]): State {
  const weights = new Map<Id, number | undefined>(state.weights)
  let { heaviest } = state
  for (const { id, rows } of counted) {
    weights.set(id, rows)
    heaviest = Math.max(heaviest, rows ?? 0)
  }
  for (const oldest of weights.keys()) {
    if (weights.size <= KEPT_WEIGHTS) break
    weights.delete(oldest)
  }
  return { ...state, weights, heaviest }
}

function listed(state: State, batch: readonly ListedCommit[]): State {
  const { listing } = state
  if (listing.shown === listing.wanted) {
    return { ...state, commits: state.commits.append(batch) }
  }
  const arriving = (listing.arriving ?? CommitList.empty).append(batch)
  const isThere = !listing.keepsPlace || placeIn(state, arriving) >= 0
  if (isThere) return takenOver(state, arriving)
  return { ...state, listing: { ...listing, arriving } }
}

function completed(state: State, failure: Failure | undefined): State {
  const { listing } = state
  const done = { ...state, listing: { ...listing, isComplete: true, failure } }
  if (listing.shown === listing.wanted) return done
  if (failure !== undefined && state.commits.length > 0) {
    const message = { text: told(failure), isError: true }
    if (listing.filterText !== listing.before.filterText) {
      return {
        ...outdated({ ...state, listing: { ...listing, ...listing.before } }, true),
        message,
      }
    }
    return { ...done, listing: { ...done.listing, shown: listing.wanted }, message }
  }
  return takenOver(done, listing.arriving ?? CommitList.empty)
}

/** The wanted list is shown from here on. */
function takenOver(state: State, commits: CommitList): State {
  const { listing } = state
  const { filter, filterText } = listing
  const [bottom, ...others] = state.views as readonly [CommitsView, ...State['views']]
  const place = listing.keepsPlace ? placeIn(state, commits) : 0
  const cursor = place >= 0 ? place : bottom.cursor
  const top = bottom.top === 0 ? 0 : Math.max(0, cursor - (bottom.cursor - bottom.top))
  const more = cursor - bottom.cursor
  const isNew = listing.keepsPlace && listing.shown > 0 && place >= 0 && more > 0
  return {
    ...state,
    commits,
    listing: {
      ...listing,
      before: { filter, filterText },
      shown: listing.wanted,
      arriving: undefined,
    },
    views: [{ ...bottom, cursor, top: listing.keepsPlace ? top : 0 }, ...others],
    message: isNew
      ? { text: more === 1 ? '1 new commit' : `${more} new commits`, isError: false }
      : state.message,
  }
}

/** Where the commit under the cursor of the list is in another list; 0 where there is none. */
function placeIn(state: State, commits: CommitList): number {
  const bottom = state.views[0] as CommitsView
  const under = state.commits.get(bottom.cursor)
  return under === undefined ? 0 : commits.indexOf(under.id)
}

function searchedAll(state: State, failure: Failure | undefined): State {
  const { search } = state
  const done: State = { ...state, search: { ...search, series: 'all', pending: undefined } }
  if (failure !== undefined) return { ...done, message: { text: told(failure), isError: true } }
  if (search.pending === undefined) return done
  return { ...done, message: { text: `nothing found: ${search.text}`, isError: true } }
}

function told({ message, hint }: Failure): string {
  return hint === undefined ? message : `${message} (${hint})`
}
