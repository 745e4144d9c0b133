import { describe, expect, it } from 'vitest'
import { lsRemote } from '../../src/plumbing/ls-remote.ts'
import { world, writeOil } from '../support/remotes.ts'

async function listed(...given: Parameters<typeof lsRemote>): Promise<string[]> {
  const refs: string[] = []
  for await (const { ref } of lsRemote(...given)) refs.push(ref)
  return refs
}

describe('ls-remote', () => {
  it('asks the remote that the branch follows where none is named', async () => {
    const { bare, clone, connect } = world()
    await writeOil(await bare('srv'), '2024-01-01,1')
    const here = await clone('srv', 'here')
    expect(await listed(here, { connect })).toEqual(['HEAD', 'refs/heads/main'])
  })

  it('says how to make a remote where there is none', async () => {
    const { bare, connect } = world()
    await expect(listed(await bare('alone'), { connect })).rejects.toMatchObject({
      code: 'ref-not-found',
      hint: expect.stringContaining('varve remote add'),
    })
  })

  it('asks a place by its name outside of any repository', async () => {
    const { bare, connect } = world()
    await writeOil(await bare('srv'), '2024-01-01,1')
    expect(await listed(undefined, { connect, remote: 'srv' })).toEqual(['HEAD', 'refs/heads/main'])
  })
})
