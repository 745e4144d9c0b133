import { createMemoryStorage } from '../storage/memory.ts'
import { assembleRepository, type Repository } from './repository.ts'

/** An empty repository that lives as long as the process: for what needs one and is nowhere. */
export function createMemoryRepository(): Repository {
  return assembleRepository({ storage: createMemoryStorage() })
}
