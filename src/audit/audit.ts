import type { Logger } from 'pino'
import { escapeControls } from '../logs/sanitise.ts'
import type { AuditFailure, Observer } from '../observer.ts'
import { createNames } from './names.ts'
import { type Draft, refreshRecord, reloadRecord, requestRecord, requestType } from './records.ts'
import type { AuditRecord } from './schema.ts'
import { type LineStream, openLineStream } from './stream.ts'

/** The `audit` section of the configuration. */
export type AuditConfig = Readonly<{
  /** An absolute path, or `stdout`. */
  file: string
  subjects: 'plain' | 'pseudonymous'
  pseudonym_key?: Uint8Array | undefined
  /** The share of allowed requests that is recorded, 0 to 1. */
  allowed: number
  denied: boolean
}>

/** The stream of audit records of one configuration. */
export type Audit = Readonly<{
  observer: Partial<Observer>
  /** After the file was renamed. */
  reopen: () => void
  /** Writes what is left. */
  close: () => Promise<unknown>
}>

type Surroundings = Readonly<{
  logger: Logger
  /** Writes lines among those of the log, for `stdout`: two writers of one pipe could break each other's lines. */
  writeLine: (line: string) => void
  onFailure: (failure: AuditFailure) => void
  /** Epoch milliseconds. */
  now?: () => number
  /** From 0 to 1, without 1. */
  random?: () => number
}>

/**
 * Opens the audit stream. Requests neither wait for it nor fail with it.
 * @throws when the file cannot be opened
 */
export function createAudit(config: AuditConfig, surroundings: Surroundings): Audit {
  const { logger, writeLine, onFailure, now = Date.now, random = Math.random } = surroundings
  const { file, allowed: rate } = config
  const lines: LineStream =
    file === 'stdout'
      ? { write: writeLine, reopen() {}, close: async () => {} }
      : openLineStream({ file, logger, onFailure })
  const names = createNames(config.subjects === 'pseudonymous' ? config.pseudonym_key : undefined)

  function write(draft: Draft): void {
    const record = { v: 1, time: new Date(now()).toISOString(), ...draft } as AuditRecord
    lines.write(`${escapeControls(JSON.stringify(record))}\n`)
  }

  return {
    observer: {
      requestEnded(facts) {
        const type = requestType(facts)
        if (type === undefined || (type === 'denied' && !config.denied)) return
        if (type === 'allowed' && random() >= rate) return
        write(requestRecord(type, facts, names, rate))
      },
      refreshed(event) {
        const record = refreshRecord(event, names)
        if (record !== undefined) write(record)
      },
      reloaded: (reload) => write(reloadRecord(reload)),
    },
    reopen: lines.reopen,
    close: lines.close,
  }
}
