/** The near end of the load generator's process. */
import type { Order } from './load.ts'
import { forkPinned, message } from './processes.ts'
import type { LoadResult, Slice, Target } from './request-load.ts'
import type { TransferResult } from './transfer.ts'

export type Load = Readonly<{
  /** Hands over what to ask for under this name. */
  prepare(name: string, target: Target): Promise<void>
  /** Asks for it; `pids` are the processes whose CPU time is counted. */
  run(name: string, pids: readonly number[], slice: Slice): Promise<LoadResult>
  transfer(direction: 'download' | 'upload', target: Target, pids: readonly number[]): Promise<TransferResult>
}>

/** Starts the load generator on a core; it does one thing at a time. */
export function createLoad(core: number): Load {
  const child = forkPinned('load', [], core, 'inherit')

  async function order(what: Order): Promise<unknown> {
    child.send(what)
    const [{ result, error }] = (await message(child, 'load')) as [{ result?: unknown; error?: string }]
    if (error !== undefined) throw new Error(`${'name' in what ? what.name : what.kind}: ${error}`)
    return result
  }

  return {
    async prepare(name, target) {
      await order({ kind: 'prepare', name, target })
    },
    run: async (name, pids, slice) => (await order({ kind: 'run', name, pids, slice })) as LoadResult,
    transfer: async (kind, target, pids) => (await order({ kind, target, pids })) as TransferResult,
  }
}
