/** What is asked for during a soak: a bit of everything a gateway meets. */
import { get } from 'node:http'
import { Agent } from 'undici'
import type { SoakErrors } from './soak-errors.ts'
import { ask, createPerson, type Person, type Wish } from './soak-person.ts'
import { guardedPath, publicPath } from './subject.ts'
import type { TokenIssuer } from './token-issuer.ts'

/** A rule that nobody satisfies. */
export const forbiddenRule = { path: '/forbidden/**', upstream: 'app', scopes: ['nobody:has-it'] }

export type Traffic = Readonly<{
  /** Requests a second from now on. */
  setRate(rate: number): void
  /** How many requests were begun so far. */
  requests(): number
  /** How many sign-ins. */
  signIns(): number
  /** The milliseconds each request took since this was called last. */
  takeLatencies(): number[]
  stop(): Promise<void>
}>

const people = 12
const tick = 50
/** Milliseconds between sign-outs of one after the other, between WebSockets, and between downloads that are given up. */
const every = { signOut: 20_000, webSocket: 6_000, download: 3_000 }

const session: Wish = { path: guardedPath, status: 200 }
const upload: Wish = { ...session, method: 'POST', body: 'x'.repeat(20_000) }
const noScope: Wish = { path: '/forbidden/1', status: 403 }
const nobody: Wish = { path: guardedPath, status: 401 }
const own: Wish = { path: '/oauth2/session', status: 200 }

/** Signs people in and begins. */
export async function startTraffic(
  origin: string,
  issuer: TokenIssuer,
  rate: number,
  errors: SoakErrors,
): Promise<Traffic> {
  const agent = new Agent({ connections: 32 })
  const crowd = Array.from({ length: people }, () => createPerson(agent, origin, errors))
  for (const person of crowd) await person.signInAnew()
  const tokens = await issuer.sign('ES256', 100)
  const underWay = new Set<Promise<void>>()
  let latencies: number[] = []
  let [requests, signIns, turn, owed, wanted] = [0, people, 0, 0, rate]
  const timers = [
    setInterval(askSome, tick),
    setInterval(replaceOne, every.signOut),
    setInterval(() => someone()?.openWebSocket(), every.webSocket),
    setInterval(() => abandon(origin + publicPath.replace(/\?.*/, '/download'), errors), every.download),
  ]
  return {
    setRate: (next) => {
      wanted = next
    },
    requests: () => requests,
    signIns: () => signIns,
    takeLatencies() {
      const taken = latencies
      latencies = []
      return taken
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(underWay)
      for (const person of crowd) person.leave()
      await agent.close()
    },
  }

  function askSome(): void {
    owed += (wanted * tick) / 1000
    for (; owed >= 1; owed--) {
      requests++
      const one = askOne().then((took) => {
        if (took !== undefined) latencies.push(took)
      })
      underWay.add(one)
      void one.finally(() => underWay.delete(one))
    }
  }

  async function askOne(): Promise<number | undefined> {
    const share = Math.random() * 100
    if (share < 68) return askAsPerson(share)
    if (share < 83) return asBearer(pick(tokens), 200)
    if (share < 86) return asBearer((await issuer.sign('ES256', 1))[0], 200)
    if (share < 91) return asBearer(issuer.withUnknownKeys(1)[0], 401)
    if (share < 96) return ask(agent, origin, nobody, errors)
    return ask(agent, origin, { path: publicPath, status: 200 }, errors)
  }

  async function askAsPerson(share: number): Promise<number | undefined> {
    const wish = share < 4 ? upload : share < 8 ? noScope : share < 10 ? own : session
    return someone()?.ask(wish)
  }

  function asBearer(token: string | undefined, status: number): Promise<number | undefined> {
    const headers = { authorization: `Bearer ${token}` }
    return ask(agent, origin, { path: guardedPath, status, headers }, errors)
  }

  function someone(): Person | undefined {
    return pick(crowd.filter((person) => person.isSignedIn()))
  }

  function replaceOne(): void {
    signIns++
    void crowd[turn++ % people]?.signInAnew()
  }
}

function pick<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)]
}

/** Begins to read a large answer, and leaves. */
function abandon(url: string, errors: SoakErrors): void {
  const request = get(url, (response) => {
    if (response.statusCode !== 200) errors.note(`a download was answered with ${response.statusCode}`)
    response.once('data', () => response.destroy())
    response.on('error', () => undefined)
  })
  request.on('error', (error) => errors.note(`a download: ${error.message}`))
}
