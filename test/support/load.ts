import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** Requests that go on until they are stopped, over a few connections that are kept. */
export type Load = Readonly<{
  /** How many answers of each status came, and of each error of a connection. */
  counts: () => Readonly<Record<string, number>>
  /** Resolves when so many more answers have come. */
  more: (answers: number) => Promise<void>
  stop: () => Promise<void>
}>

/**
 * Begins to ask, with as many requests at a time as there are `clients`; every fourth is a POST unless `isSafe`. Cookies that
 * answers set take the place of those in `cookies`, as in a browser.
 */
export function startLoad(
  port: number,
  { clients = 4, host = `localhost:${port}`, path = '/a', cookies, isSafe = false }: LoadOptions = {},
): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const found: Record<string, number> = {}
  const jar = new Map(cookies?.split('; ').map(pairOf))
  let answers = 0
  let isStopped = false
  let waiting: { at: number; go: () => void }[] = []

  const note = (outcome: string) => {
    found[outcome] = (found[outcome] ?? 0) + 1
    answers += 1
    for (const { go } of waiting.filter(({ at }) => at <= answers)) go()
    waiting = waiting.filter(({ at }) => at > answers)
  }

  const once = (method: 'GET' | 'POST') =>
    new Promise<string>((resolve) => {
      const headers = {
        host,
        ...(jar.size > 0 && { cookie: [...jar].map((pair) => pair.join('=')).join('; ') }),
      }
      const sent = request({ agent, port, host: '127.0.0.1', path, method, headers })
      sent.on('response', (response) => {
        for (const line of response.headers['set-cookie'] ?? [])
          jar.set(...pairOf(line.split(';')[0] as string))
        response.resume()
        response.on('end', () => resolve(String(response.statusCode)))
        response.on('error', (error) => resolve(String((error as NodeJS.ErrnoException).code)))
      })
      sent.on('error', (error) => resolve(String((error as NodeJS.ErrnoException).code)))
      sent.end(method === 'POST' ? 'x=1' : undefined)
    })

  const client = async () => {
    for (let count = 0; !isStopped; count += 1) {
      note(await once(count % 4 === 3 && !isSafe ? 'POST' : 'GET'))
      // Something is to be left for what happens meanwhile.
      await pause(10)
    }
  }

  const all = Promise.all(Array.from({ length: clients }, client))
  return {
    counts: () => found,
    more: (count) => new Promise((go) => waiting.push({ at: answers + count, go })),
    stop: async () => {
      isStopped = true
      await all
      agent.destroy()
    },
  }
}

type LoadOptions = Readonly<{
  clients?: number
  host?: string
  path?: string
  /** As in a Cookie header; none unless given. */
  cookies?: string
  isSafe?: boolean
}>

function pairOf(cookie: string): [name: string, value: string] {
  const [name = '', value = ''] = cookie.split(/=(.*)/s)
  return [name, value]
}
