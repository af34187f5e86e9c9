import type { Respond } from '../gate/respond.ts'

/** An answer of the gateway itself: what it would send, without the page. */
export type Answer = Readonly<{ status: number; reason: string; headers: Readonly<Record<string, string>> }>

/** The writer of answers whose answers are only told about. */
export function createRecorder(prefix: string, tell: (answer: Answer) => void): Respond {
  return {
    facts: ({ visit }) => ({ requestId: visit.requestId, prefix }),
    page: (_request, _reply, { status }, { reason, headers = {} }) => tell({ status, reason, headers }),
    json: (_request, _reply, status, _body, { reason, headers = {} }) => tell({ status, reason, headers }),
    empty: (_request, _reply, { reason, headers = {} }) => tell({ status: 204, reason, headers }),
    redirect: (_request, _reply, status, location, { reason, headers = {} }) =>
      tell({ status, reason, headers: { ...headers, location } }),
  }
}
