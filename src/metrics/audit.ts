import type { Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import { addCounter } from './metric.ts'

/** Counts what went wrong with the audit records. */
export function countAudit(registry: Registry): Pick<Observer, 'auditFailed'> {
  const failures = addCounter(registry, {
    name: 'postern_audit_failures_total',
    help: 'Failures to write audit records: write-failed is tried again, dropped records are lost.',
    labelNames: ['failure'],
  })
  for (const failure of ['write-failed', 'dropped']) failures(failure)
  return {
    auditFailed: (failure) => {
      failures(failure).value += 1
    },
  }
}
