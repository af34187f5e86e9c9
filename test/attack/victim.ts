import type { Connection } from '../support/recorder.ts'
import { next } from './messages.ts'
import { messagesIn } from './strict-wire.ts'

/**
 * A request of somebody else, on a connection that was open all the time: what is wrong with the answer, which must be
 * their own. The name tells this victim from others.
 */
export async function victimComplaints(victim: Connection, name: string): Promise<string[]> {
  const target = `/public/victim-${name}`
  const { length } = victim.bytes()
  victim.send(next(target))
  await victim.sees(target)
  const [answer, ...more] = messagesIn(victim.bytes().slice(length)).messages
  return answer?.body === target && more.length === 0
    ? []
    : [`the victim got ${answer?.start} ${answer?.body}`]
}
