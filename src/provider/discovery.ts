import { setTimeout as wait } from 'node:timers/promises'
import type { PosternError } from '../core/errors.ts'
import type { ProviderLog } from './provider-config.ts'

/** Resolves after so many milliseconds; rejects when the signal is aborted. Injected in tests. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>

export type Readiness = Readonly<{ ready: true } | { ready: false; reason: string }>

export type Discovery<T> = Readonly<{
  start: () => void
  close: () => void
  readiness: () => Readiness
  /** What is known now, without asking. */
  current: () => T | undefined
  /** What is known; asks at once when nothing is and no back-off is running. Rejects with the last failure. */
  get: () => Promise<T>
}>

/** Metadata older than this (seconds) is fetched anew in the background. */
const maxAge = 3600

/** After a failed background fetch the old metadata serves on, and the next try comes after this (seconds). */
const retryAfter = 60

/** Back-off before the first metadata, in milliseconds: 1, 2, 4, 8, 16, 30, 30 … s. */
const backOff = (failures: number) => Math.min(30_000, 1000 * 2 ** (failures - 1))

/** The timer of the running process; it does not keep the process alive. */
export const realSleep: Sleep = (ms, signal) => wait(ms, undefined, { signal, ref: false })

/**
 * Learns something from the provider in the background, tries again with back-off until it succeeds, and keeps what it
 * learned when the provider goes down later. `load` rejects with a PosternError.
 */
export function createDiscovery<T>(options: {
  load: () => Promise<T>
  clock: () => number
  sleep: Sleep
  log: ProviderLog
}): Discovery<T> {
  const { load, clock, sleep, log } = options
  const closing = new AbortController()
  let known: T | undefined
  let renewAt = 0
  let failures = 0
  let failure: PosternError | undefined
  let pending: Promise<T> | undefined
  let isBackingOff = false

  function attempt(): Promise<T> {
    pending ??= load()
      .then(succeeded, failed)
      .finally(() => {
        pending = undefined
      })
    return pending
  }

  function succeeded(value: T): T {
    if (known === undefined) log.info({ failures }, 'the provider is ready')
    known = value
    renewAt = clock() + maxAge
    return value
  }

  function failed(error: PosternError): never {
    // Closing ends a request under way; that is no failure of the provider.
    if (closing.signal.aborted) throw error
    failure = error
    failures += 1
    renewAt = clock() + retryAfter
    log.warn({ code: error.code, detail: error.detail, failures }, 'discovery failed')
    if (known === undefined) backOffAndRetry()
    throw error
  }

  function backOffAndRetry(): void {
    isBackingOff = true
    const retry = () => {
      isBackingOff = false
      attemptInBackground()
    }
    // Only closing ends the wait early, and then there is nothing left to do.
    sleep(backOff(failures), closing.signal).then(retry, () => {})
  }

  /** A failure has been logged and noted for `readiness` by then. */
  function attemptInBackground(): void {
    attempt().catch(() => {})
  }

  return {
    start: attemptInBackground,
    close: () => closing.abort(),
    readiness() {
      if (known !== undefined) return { ready: true }
      return {
        ready: false,
        reason: failure ? `discovery failed: ${failure.detail}` : 'discovery has not finished',
      }
    },
    current: () => known,
    async get() {
      if (known === undefined) {
        if (isBackingOff) throw failure
        return attempt()
      }
      if (clock() >= renewAt) attemptInBackground()
      return known
    },
  }
}
