import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

describe('the module of kernels', () => {
  it('is what its source compiles to', () => {
    const check = () => execFileSync(process.execPath, ['scripts/build-kernels.js', '--check'])
    expect(check).not.toThrow()
  })
})
