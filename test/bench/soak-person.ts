/** Somebody who uses the gateway during a soak: signs in, asks, keeps a WebSocket, signs out. */
import { type Agent, request } from 'undici'
import WebSocket from 'ws'
import { cookieHeader, type Jar, keepCookies, login } from './login.ts'
import type { SoakErrors } from './soak-errors.ts'
import { guardedPath } from './subject.ts'

/** A request and the status it must be answered with. */
export type Wish = Readonly<{
  path: string
  status: number
  method?: 'GET' | 'POST'
  body?: string
  headers?: Readonly<Record<string, string>>
}>

export type Person = Readonly<{
  isSignedIn(): boolean
  /** Resolves with the milliseconds it took; undefined when it went wrong. */
  ask(wish: Wish): Promise<number | undefined>
  openWebSocket(): void
  /** Waits for what is under way, signs out, and in again as somebody whom the gateway never saw. */
  signInAnew(): Promise<void>
  /** Lets go of its WebSockets. */
  leave(): void
}>

const script = {
  accept: 'application/json',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
}
/** How long a WebSocket is kept, how often it says something, and how soon after a sign-out it must be closed: milliseconds. */
const webSocketTimes = { life: 45_000, every: 5_000, closing: 10_000 }

/** Asks once, as a script does. */
export async function ask(
  agent: Agent,
  origin: string,
  { path, status, method = 'GET', body, headers }: Wish,
  errors: SoakErrors,
  jar: Jar = new Map(),
): Promise<number | undefined> {
  const sentAt = performance.now()
  const cookie = cookieHeader(jar, origin)
  try {
    const answer = await request(origin + path, {
      dispatcher: agent,
      method,
      body: body ?? null,
      headers: { ...script, ...(cookie !== '' && { cookie }), ...headers },
    })
    await answer.body.dump()
    keepCookies(jar, origin, answer.headers['set-cookie'])
    if (answer.statusCode === status) return performance.now() - sentAt
    errors.note(`${method} ${path.split('?')[0]} was answered with ${answer.statusCode} instead of ${status}`)
  } catch (error) {
    errors.note(`${method} ${path.split('?')[0]}: ${(error as Error).message}`)
  }
  return undefined
}

/** Makes somebody who is not signed in yet. */
export function createPerson(agent: Agent, origin: string, errors: SoakErrors): Person {
  let jar: Jar = new Map()
  let isSignedIn = false
  const underWay = new Set<Promise<unknown>>()
  const webSockets = new Set<WebSocket>()
  return { isSignedIn: () => isSignedIn, ask: askSignedIn, openWebSocket, signInAnew, leave }

  function askSignedIn(wish: Wish): Promise<number | undefined> {
    const asked = ask(agent, origin, wish, errors, jar)
    underWay.add(asked)
    return asked.finally(() => underWay.delete(asked))
  }

  async function signInAnew(): Promise<void> {
    const hadSession = isSignedIn
    isSignedIn = false
    await Promise.all(underWay)
    if (hadSession) await signOut()
    jar = new Map()
    try {
      await login(origin + guardedPath, jar)
      isSignedIn = true
    } catch (error) {
      errors.note(`a sign-in: ${(error as Error).message}`)
    }
  }

  async function signOut(): Promise<void> {
    const headers = { origin }
    for (const webSocket of webSockets) expectClosing(webSocket)
    webSockets.clear()
    await ask(agent, origin, { method: 'POST', path: '/oauth2/sign_out', status: 200, headers }, errors, jar)
  }

  function leave(): void {
    const left = [...webSockets]
    webSockets.clear()
    for (const webSocket of left) webSocket.terminate()
  }

  /** The session of its sign-in is over. */
  function expectClosing(webSocket: WebSocket): void {
    const timer = setTimeout(() => {
      errors.note('a WebSocket outlived its session')
      webSocket.terminate()
    }, webSocketTimes.closing)
    webSocket.once('close', () => clearTimeout(timer))
  }

  function openWebSocket(): void {
    const headers = { cookie: cookieHeader(jar, origin), origin }
    const webSocket = new WebSocket(`${origin.replace('http', 'ws')}${guardedPath}`, { headers })
    webSockets.add(webSocket)
    let echoed = true
    const talk = setInterval(() => {
      if (webSocket.readyState !== WebSocket.OPEN) return
      if (!echoed) errors.note('a WebSocket did not echo')
      echoed = false
      webSocket.send('are you there?')
    }, webSocketTimes.every)
    const leave = setTimeout(() => {
      webSockets.delete(webSocket)
      webSocket.close()
    }, webSocketTimes.life)
    webSocket.on('message', () => {
      echoed = true
    })
    webSocket.on('error', (error) => errors.note(`a WebSocket: ${error.message}`))
    webSocket.on('close', (code) => {
      clearInterval(talk)
      clearTimeout(leave)
      if (webSockets.delete(webSocket)) errors.note(`a WebSocket was closed with ${code}`)
    })
  }
}
