import { createMemoryStorage } from '../../src/storage/memory.ts'
import { describeStorage } from '../contract/storage.ts'

describeStorage('memory', async () => createMemoryStorage())
