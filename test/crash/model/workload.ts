import type { OpenedRepository } from '../../../src/library/open-repository.ts'
import { addFiles } from '../../../src/porcelain/add-files.ts'
import { commit } from '../../../src/porcelain/commit.ts'
import { deleteRows } from '../../../src/porcelain/delete-rows.ts'
import { gc } from '../../../src/porcelain/gc.ts'
import { switchBranch } from '../../../src/porcelain/switch.ts'
import { createTag } from '../../../src/porcelain/tag.ts'
import { undo } from '../../../src/porcelain/undo.ts'
import { writeSeries } from '../../../src/porcelain/write-series.ts'
import { table } from '../../support/tables.ts'
import { mount } from './attach.ts'
import { ModelDisk, type Recording } from './disk.ts'
import { openWork, type Said, said } from './recovery.ts'

export type Step = (repo: OpenedRepository, number: number) => Promise<unknown>

const rows = (count: number, number: number, from = 0): string =>
  `t,v\n${Array.from({ length: count }, (_, i) => `${from + i},${(i * 7 + number * 13) % 101}\n`).join('')}`

export const steps = {
  write:
    (series: string, from = 0): Step =>
    (repo, number) =>
      writeSeries(repo, {
        series,
        input: table(rows(6, number, from)),
        create: true,
        commit: repo.signed(`write ${number}`),
      }),
  stage:
    (series: string): Step =>
    (repo, number) =>
      writeSeries(repo, { series, input: table(rows(5, number)), create: true }),
  addFile:
    (series: string): Step =>
    async (repo, number) => {
      async function* pieces() {
        yield Buffer.from(rows(8, number))
      }
      await repo.workTree!.write(`${series}.csv`, pieces())
      const input = { ...table(rows(8, number)), name: `${series}.csv` }
      return addFiles(repo, [{ series, input, file: `${series}.csv` }], { allowDeletes: true })
    },
  commit: (): Step => (repo, number) => commit(repo, repo.signed(`commit ${number}`)),
  delete:
    (series: string): Step =>
    (repo) =>
      deleteRows(repo, { series, from: '2', to: '3', commit: repo.signed('delete') }),
  switch:
    (target: string): Step =>
    (repo) =>
      switchBranch(repo, { target, who: repo.who() }),
  branch:
    (create: string): Step =>
    (repo) =>
      switchBranch(repo, { create, who: repo.who() }),
  tag:
    (name: string): Step =>
    (repo) =>
      createTag(repo, { name, who: repo.who() }),
  undo: (): Step => (repo) => undo(repo, { who: repo.who() }),
  gc: (): Step => (repo) => gc(repo, { who: repo.who(), now: Date.UTC(2023, 11, 1) }),
  /** Entries of the log, to have many of them soon. */
  entries:
    (count: number): Step =>
    async (repo) => {
      const id = (await repo.refs.state()).refs.get('refs/heads/main')!
      for (let i = 0; i < count; i++) {
        const old = i === 0 ? undefined : id
        const updates = [{ name: 'refs/heads/other', old, new: i === count - 1 ? undefined : id }]
        await repo.refs.append({ updates, who: repo.who(), message: 'entry', packs: [] })
      }
    },
  checkpoint: (): Step => (repo) => repo.refs.archive(),
} as const

export interface Workload {
  readonly name: string
  /** What has been there for long when the recording begins. */
  readonly before: readonly Step[]
  readonly steps: readonly Step[]
  /** Whether each step is a process of its own, which reads everything anew. */
  readonly anew?: boolean
  /** Whether most of its states look different to commands, so that each costs a start. */
  readonly few?: boolean
}

export interface Recorded {
  readonly recording: Recording
  /** What was acknowledged after so many steps: the first is what was there before. */
  readonly said: readonly Said[]
}

/** A disk with an empty repository on which steps were done, and the hour at which they ended. */
export async function preparedDisk(
  before: readonly Step[],
): Promise<{ readonly disk: ModelDisk; readonly hour: number }> {
  const disk = new ModelDisk()
  disk.setName(disk.root, 'work', disk.createFolder().ino)
  mount(disk)
  try {
    let hour = 0
    await (await openWork(hour++, true)).close()
    for (const [i, step] of before.entries()) {
      const repo = await openWork(hour++)
      await step(repo, i)
      await repo.close()
    }
    return { disk, hour }
  } finally {
    mount(undefined)
  }
}

/** Runs a workload on a disk of its own and records what it does to the disk. */
export async function recordWorkload(workload: Workload): Promise<Recorded> {
  const prepared = await preparedDisk(workload.before)
  const { disk } = prepared
  let { hour } = prepared
  mount(disk)
  try {
    let repo = await openWork(hour++)
    const recording = disk.record()
    const all = [await said(repo)]
    for (const [i, step] of workload.steps.entries()) {
      if (workload.anew !== false) {
        await repo.close()
        repo = await openWork(hour++)
      }
      await step(repo, 100 + i)
      disk.acknowledge(i + 1)
      const look = await openWork(hour)
      all.push(await said(look))
      await look.close()
    }
    await repo.close()
    return { recording, said: all }
  } finally {
    mount(undefined)
  }
}
