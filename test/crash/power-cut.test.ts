import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { effort } from '../support/effort.ts'
import { attachModelDisks } from './model/attach.ts'
import { mutants } from './model/mutants.ts'
import { type CutOptions, powerCuts } from './model/power-cut.ts'
import { type Outcome, Recoveries, type Said, SCRATCH } from './model/recovery.ts'
import { type Recorded, recordWorkload, steps, type Workload } from './model/workload.ts'

let detach: () => void
beforeAll(() => {
  detach = attachModelDisks()
})
afterAll(() => detach())

const { write, stage, addFile, entries, gc } = steps
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

const LONG = 3_600_000

const workloads: readonly Workload[] = [
  {
    name: 'commits',
    before: [write('a')],
    steps: [
      write('a'),
      write('b/c'),
      steps.delete('a'),
      write('a', 3),
      steps.tag('v1'),
      ...times(9, (i) => write('a', i * 4)),
    ],
  },
  {
    name: 'commits by one process',
    before: [write('a')],
    steps: times(5, (i) => write('a', i)),
    anew: false,
  },
  {
    name: 'staging, files and branches',
    before: [addFile('x'), steps.commit()],
    steps: [
      stage('a'),
      addFile('x'),
      stage('c/d'),
      steps.commit(),
      steps.branch('side'),
      addFile('x'),
      steps.commit(),
      steps.switch('main'),
      steps.undo(),
    ],
  },
  {
    name: 'gc',
    few: true,
    before: [...times(9, (i) => write(i % 2 === 0 ? 'a' : `b/${i}`, i)), stage('s')],
    steps: [gc(), write('a'), gc()],
  },
  {
    name: 'merge of packs',
    few: true,
    before: times(31, (i) => write('a', i)),
    steps: times(4, (i) => write('a', i)),
  },
  {
    name: 'checkpoint',
    few: true,
    before: [write('a'), entries(124)],
    steps: times(3, (i) => write('a', i)),
  },
]

const isScratch = (path: string): boolean => path.startsWith(SCRATCH)

/** How many steps had been acknowledged. */
function acknowledged({ recording }: Recorded, at: number): number {
  let done = 0
  for (let i = 0; i < at; i++) {
    const operation = recording.operations[i]!
    if (operation.kind === 'ack') done = operation.number
  }
  return done
}

/** What is not as it was acknowledged, if anything. */
function violation(at: number, outcome: Outcome, recorded: Recorded): string | undefined {
  const { said } = recorded
  if ('wrong' in outcome) return outcome.wrong
  const done = acknowledged(recorded, at)
  const allowed = [said[done]!, said[done + 1] ?? said[done]!]
  for (const part of ['refs', 'branch', 'tip', 'staged'] as const) {
    const found: Said[typeof part] = outcome.said[part]
    if (allowed.some((one) => one[part] === found)) continue
    return `${part} is ${found}, and not ${allowed.map((one) => one[part]).join(' or ')}`
  }
  return undefined
}

type Far = Pick<CutOptions, 'names' | 'states'>

/** States that were tried: all, those that differ, and those that differ in what commands look at. */
interface Count {
  given: number
  readonly distinct: Set<string>
  readonly visible: Set<string>
}

interface Explored {
  readonly violations: { readonly what: string; readonly state: string }[]
  readonly runs: number
}

/** Starts again on every state; with `first` no further than to the first violation. */
async function explore(
  recorded: Recorded,
  count: Count,
  far: Far,
  first = false,
): Promise<Explored> {
  const recoveries = new Recoveries()
  const violations: Explored['violations'] = []
  const seen = new Set<string>()
  for (const state of powerCuts(recorded.recording, { seed: 5, ...far, isScratch })) {
    count.given++
    count.distinct.add(state.key)
    count.visible.add(state.visibleKey)
    const key = `${state.key} ${acknowledged(recorded, state.at)}`
    if (seen.has(key)) continue
    seen.add(key)
    const what = violation(state.at, await recoveries.outcome(state), recorded)
    if (what === undefined) continue
    const last = recorded.recording.operations[state.at - 1]
    violations.push({
      what,
      state: `after ${state.at} operations: ${JSON.stringify(last, null, 0)?.slice(0, 300)}`,
    })
    if (first || violations.length === 10) break
  }
  return { violations, runs: recoveries.runs }
}

/** How far names are tried where each set of them is another repository to look at. */
const few = effort({ quick: 1, usual: 2, nightly: 64 })
const far = (workload: Workload): Far => ({
  names: workload.few ? few : effort({ quick: 4, usual: 48, nightly: 512 }),
  states: effort({ quick: 200, usual: 20_000, nightly: 200_000 }),
})

describe('a power cut at any moment', () => {
  const count: Count = { given: 0, distinct: new Set(), visible: new Set() }
  let runs = 0

  it.each(workloads)(
    'during $name loses nothing that was acknowledged',
    async (workload) => {
      const explored = await explore(await recordWorkload(workload), count, far(workload))
      expect(explored.violations).toEqual([])
      runs += explored.runs
    },
    LONG,
  )

  it('was tried in enough states', () => {
    const { given, distinct, visible } = count
    const figures = `${given} states, ${distinct.size} different ones, ${visible.size} of them in more than temporary files; ${runs} that answer differently were started again`
    process.stderr.write(`power cuts: ${figures}\n`)
    expect(distinct.size, figures).toBeGreaterThanOrEqual(
      effort({ quick: 5_000, usual: 200_000, nightly: 800_000 }),
    )
  })
})

describe('the search finds that', () => {
  const planted = [...mutants].flatMap(([name, of]) =>
    of.map((mutant) => ({
      mutant,
      name: mutant.name,
      workload: workloads.find((one) => one.name === name)!,
    })),
  )

  const recordings = new Map<string, Promise<Recorded>>()
  const recordOnce = (workload: Workload): Promise<Recorded> => {
    const recorded = recordings.get(workload.name) ?? recordWorkload(workload)
    recordings.set(workload.name, recorded)
    return recorded
  }

  it.each(planted)('$name', async ({ mutant, workload }) => {
    const { recording, said } = await recordOnce(workload)
    const operations = mutant.plant(recording)
    expect(operations).not.toEqual(recording.operations)
    const wrong: Recorded = { recording: { ...recording, operations }, said }
    const count: Count = { given: 0, distinct: new Set(), visible: new Set() }
    const { violations } = await explore(wrong, count, { names: 16, states: 4000 }, true)
    expect(violations).toHaveLength(1)
  })
})
