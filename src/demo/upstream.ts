import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebSocketServer } from 'ws'
import { closed, listening } from './demo-server.ts'
import { loadDevelopment, refuseProduction } from './development.ts'
import { viewOf } from './request-view.ts'
import { upstreamPage } from './upstream-page.ts'

type DemoUpstreamOptions = Readonly<{
  /** The address to listen on, loopback by default; a container needs 0.0.0.0 in a network of its own. */
  bind?: string
  /** Milliseconds between two events of `/events`. */
  tickMs?: number
}>

/**
 * An application that knows nothing of logins: it shows every request as it arrived, as a page, as JSON below `/api/`,
 * and has an event stream at `/events` and a WebSocket echo at `/ws`. `listen` resolves to its address.
 */
export function createDemoUpstream(
  options: DemoUpstreamOptions = {},
): Readonly<{ listen: (port: number) => Promise<string>; close: () => Promise<void> }> {
  refuseProduction('the demo upstream')
  const { bind = '127.0.0.1', tickMs = 1000 } = options
  const server = createServer((request, response) => void answer(request, response, tickMs))
  let sockets: WebSocketServer | undefined
  return Object.freeze({
    listen: async (port: number) => {
      const { WebSocketServer } = await loadDevelopment('ws', () => import('ws'))
      await listening(server, port, bind)
      sockets = new WebSocketServer({ server, path: '/ws', maxPayload: 64 * 1024 })
      sockets.on('connection', (socket) => {
        // A broken frame closes the socket; without a listener it would end the process.
        socket.on('error', () => socket.terminate())
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      })
      return `http://${bind}:${(server.address() as AddressInfo).port}`
    },
    close: async () => {
      for (const socket of sockets?.clients ?? []) socket.terminate()
      sockets?.close()
      await closed(server)
    },
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, tickMs: number): Promise<void> {
  if (request.url === '/events') return tick(response, tickMs)
  try {
    const view = await viewOf(request)
    if (view.target.startsWith('/api/'))
      send(response, 'application/json', JSON.stringify(view, undefined, 2))
    else send(response, 'text/html', upstreamPage(view, userOf(request)))
  } catch {
    // The client went away in the middle of its body; nobody is left to answer.
    response.destroy()
  }
}

function userOf(request: IncomingMessage): string | undefined {
  const { 'x-forwarded-preferred-username': name, 'x-forwarded-user': id } = request.headers
  return [name, id].flat().find((value) => value !== undefined)
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body)
}

function tick(response: ServerResponse, tickMs: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let count = 0
  const write = () => {
    count += 1
    response.write(`data: tick ${count}\n\n`)
  }
  const timer = setInterval(write, tickMs)
  response.on('close', () => clearInterval(timer))
  write()
}
