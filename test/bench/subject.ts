/** What a subject is, and the names and paths they share. */
import type { Bench } from './bench.ts'

/** A subject that runs: where to ask, as whom, and which processes to count. */
export type Running = Readonly<{
  url: string
  pids: readonly number[]
  /** Cookie headers to send in rotation; none when nobody is signed in. */
  cookies: readonly string[]
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
export const apacheName = 'Apache mod_auth_openidc'
