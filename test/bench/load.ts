/**
 * The load generator, a process of its own so that it can be pinned away from what it measures.
 * It is told over IPC what to do: prepare the requests for a subject, run them, or move 100 MB one way.
 */

import { prepareRequests, runRequests, type Slice, type Target } from './request-load.ts'
import { downloadOnce, uploadOnce } from './transfer.ts'

export type Order =
  | Readonly<{ kind: 'prepare'; name: string; target: Target }>
  | Readonly<{ kind: 'run'; name: string; pids: readonly number[]; slice: Slice }>
  | Readonly<{ kind: 'download'; target: Target; pids: readonly number[] }>
  | Readonly<{ kind: 'upload'; target: Target; pids: readonly number[] }>

const prepared = new Map<string, ReturnType<typeof prepareRequests>>()

process.on('message', (order: Order) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit())

async function obey(order: Order): Promise<unknown> {
  if (order.kind === 'prepare') {
    prepared.set(order.name, prepareRequests(order.target))
    return undefined
  }
  if (order.kind === 'download') return downloadOnce(order.target, order.pids)
  if (order.kind === 'upload') return uploadOnce(order.target, order.pids)
  const requests = prepared.get(order.name)
  if (requests === undefined) throw new Error(`${order.name} was never prepared`)
  return runRequests(requests, order.pids, order.slice)
}
