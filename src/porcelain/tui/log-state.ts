import { arrived, ended } from './arrivals.ts'
import { CommitList } from './commit-list.ts'
import { filterText } from './filter-text.ts'
import { outdated } from './outdated.ts'
import { pressed } from './pressed.ts'
import { promptPressed } from './prompts.ts'
import type { Effect, Event } from './requests.ts'
import { replaced, rowsPlaced } from './scroll.ts'
import { settled } from './settled.ts'
import type { State, Step } from './state.ts'
import type { CommitFilter } from './view-data.ts'

export interface Beginning extends Pick<State, 'size' | 'marks' | 'now' | 'title'> {
  /** Only such commits are listed, until another filter is chosen. */
  readonly filter: CommitFilter
}

/** A viewer that shows nothing yet, and what it asks for first. */
export function begin({ filter, ...from }: Beginning): Step {
  const chosen = { filter, filterText: filterText(filter) }
  return settled({
    ...from,
    commits: CommitList.empty,
    listing: {
      ...chosen,
      before: chosen,
      wanted: 1,
      shown: 0,
      arriving: undefined,
      keepsPlace: false,
      isComplete: false,
      failure: undefined,
    },
    weights: new Map(),
    heaviest: 0,
    views: [{ kind: 'commits', cursor: 0, top: 0 }],
    prompt: undefined,
    count: '',
    search: { text: '', number: 0, touching: new Set(), series: 'not', pending: undefined },
    mark: undefined,
    message: undefined,
    answers: {
      detail: new Map(),
      plot: new Map(),
      changed: new Map(),
      rows: new Map(),
      life: new Map(),
      refs: new Map(),
    },
    outstanding: new Map(),
    next: 1,
    acting: undefined,
    isLeft: false,
  })
}

/**
 * What the viewer is after an event, and what is to be done for it. Keys that arrive together ask for no more than the
 * last of them would alone.
 */
export function reduce(state: State, event: Event): Step {
  const { state: changed, effects } = applied(state, event)
  const step = settled(rowsPlaced(changed))
  return { state: step.state, effects: [...effects, ...step.effects] }
}

function applied(state: State, event: Event): Step {
  switch (event.kind) {
    case 'keys':
      return allPressed(state, event.keys)
    case 'resize': {
      const { columns, rows } = event
      return { state: replaced({ ...state, size: { columns, rows } }), effects: [] }
    }
    case 'clock':
      return { state: { ...state, now: event.now }, effects: [] }
    case 'moved':
      return { state: outdated(state, true), effects: [] }
    case 'answer':
      return { state: replaced(arrived(state, event.number, event.answer)), effects: [] }
    case 'ended':
      return { state: replaced(ended(state, event.number, event.failure)), effects: [] }
  }
}

function allPressed(before: State, keys: readonly string[]): Step {
  let state = before
  const effects: Effect[] = []
  for (const key of keys) {
    if (state.isLeft) break
    const step = state.prompt === undefined ? pressed(state, key) : promptPressed(state, key)
    state = rowsPlaced(step.state)
    effects.push(...step.effects)
  }
  return { state, effects }
}
