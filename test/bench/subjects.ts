/** Everything that is measured side by side, in the order of the table. */
import { apache } from './apache.ts'
import type { Bench } from './bench.ts'
import { nginx } from './nginx.ts'
import { oauth2Proxy } from './oauth2-proxy.ts'
import { postern } from './postern.ts'
import { serveFile } from './processes.ts'
import {
  floorName,
  floorWithCookieName,
  guardedPath,
  publicName,
  publicPath,
  type Running,
  type Subject,
  sessionName,
} from './subject.ts'

export const subjects: readonly Subject[] = [
  { name: 'upstream, asked directly', start: (bench) => ownServer(bench, 'upstream', []) },
  { name: floorName, start: startFloor },
  { name: floorWithCookieName, start: startFloorWithCookie },
  nginx,
  { name: publicName, start: (bench) => postern(bench, { path: publicPath, isSignedIn: false }) },
  { name: sessionName, start: (bench) => postern(bench, {}) },
  { name: 'Postern, session, request log on', start: (bench) => postern(bench, { logLevel: 'info' }) },
  apache,
  oauth2Proxy,
]

/** The bare proxy, also used alone by the streaming experiment. */
export function startFloor(bench: Bench): Promise<Running> {
  return ownServer(bench, 'floor', [bench.upstream])
}

/** A bare proxy passes on what it gets: the same cookie makes the same bytes to read, and more to write. */
async function startFloorWithCookie(bench: Bench): Promise<Running> {
  const signedIn = await postern(bench, {})
  await signedIn.close()
  return { ...(await startFloor(bench)), cookies: signedIn.cookies }
}

async function ownServer(bench: Bench, file: string, args: readonly string[]): Promise<Running> {
  const server = await serveFile(file, args, bench.cores.subject)
  return { url: server.url + guardedPath, pids: [server.pid], cookies: [], close: server.close }
}
