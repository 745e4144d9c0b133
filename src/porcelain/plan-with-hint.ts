import { hasCode, VarveError } from '../core/errors.ts'
import { planShow, type ShowPlan } from './show-tree.ts'

/** As {@link planShow}, with what can be done about files that were changed by hand. */
export async function planWithHint(
  hint: string,
  ...options: Parameters<typeof planShow>
): Promise<ShowPlan> {
  try {
    return await planShow(...options)
  } catch (error) {
    if (!hasCode(error, 'refused') || error.data.files === undefined) throw error
    throw new VarveError('refused', error.message, { data: error.data, hint, cause: error })
  }
}
