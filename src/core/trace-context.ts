/** The trace that a request is part of, as the sender says. */
export type TraceContext = Readonly<{
  /** As it came. */
  traceparent: string
  /** As it came; absent when there is none, or when it is malformed. */
  tracestate?: string
  /** 32 hexadecimal digits. */
  traceId: string
  /** 16 hexadecimal digits: the span of the sender. */
  parentId: string
  flags: number
}>

const zeroTrace = '0'.repeat(32)
const zeroParent = '0'.repeat(16)

// Version ff is forbidden; higher ones than 00 may have more fields.
const parentSyntax = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[!-+\--~]*)?$/

type Fields = readonly [
  all: string,
  version: string,
  traceId: string,
  parentId: string,
  flags: string,
  more?: string,
]

const maxMembers = 32
const memberSyntax = /^[a-z\d][a-z\d_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/

/**
 * Reads the two headers; undefined when there is no well-formed `traceparent`. One that came several times, joined with
 * commas, is not. A malformed `tracestate` is left out.
 * @see Trace Context (W3C) sections 3.2 and 3.3
 */
export function readTraceContext(
  traceparent: string,
  tracestate: string | undefined,
): TraceContext | undefined {
  const fields = parentSyntax.exec(traceparent)
  if (fields === null) return undefined
  const [, version, traceId, parentId, flags, more] = fields as unknown as Fields
  if (traceId === zeroTrace || parentId === zeroParent) return undefined
  if (version === '00' && more !== undefined) return undefined
  return {
    traceparent,
    ...(tracestate !== undefined && isTraceState(tracestate) && { tracestate }),
    traceId,
    parentId,
    flags: Number.parseInt(flags, 16),
  }
}

/** Empty members are allowed, and say nothing. */
function isTraceState(text: string): boolean {
  const members = text
    .split(',')
    .map((member) => member.replace(/^[\t ]+|[\t ]+$/g, ''))
    .filter((member) => member !== '')
  return (
    members.length > 0 && members.length <= maxMembers && members.every((member) => memberSyntax.test(member))
  )
}
