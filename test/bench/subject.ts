/** What a subject is, and the names and paths they share. */
import type { Bench } from './bench.ts'
import type { Target } from './request-load.ts'

/** A subject that runs: what to ask for, as whom, and which processes to count. */
export type Running = Target &
  Readonly<{
    pids: readonly number[]
    close(): Promise<void>
  }>

export type Subject = Readonly<{
  name: string
  /** Why it cannot be measured here; absent when it can. */
  missing?: string
  start(bench: Bench): Promise<Running>
}>

/** The name of the subject that all others are divided by. */
export const floorName = 'floor: node:http + undici'

/** The same, asked with the very requests that Postern gets from somebody who is signed in. */
export const floorWithCookieName = 'floor, with the session cookie in the request'

/** The path that every subject is asked for; Postern guards it with a rule that takes a scope. */
export const guardedPath = '/service-7/items/42?page=2'

/** The same for a rule with `access: public`. */
export const publicPath = '/public/items/42?page=2'

export const sessionName = 'Postern, session'
export const publicName = 'Postern, public route'
export const bareCheckName = 'bare Fastify route, same answer'
export const checkName = 'Postern, session, preset nginx'
export const checkRulesName = 'the same with 10,000 rules'
export const apacheName = 'Apache mod_auth_openidc'
