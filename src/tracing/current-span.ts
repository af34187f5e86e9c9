import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestSpan } from '../core/request-span.ts'

/** The span of the request that something is done for. Costs nothing while nothing is traced. */
export const currentSpan = new AsyncLocalStorage<RequestSpan>()
