import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { WebSocketServer } from 'ws'

/** A request as the web app got it. */
export type Received = Readonly<{
  method: string
  url: string
  /** Every value of a header, as many as there are lines. */
  header: (name: string) => string[]
  body: string
}>

export type WebApp = Readonly<{
  origin: string
  /** Every request so far, WebSocket handshakes included, oldest first. */
  received: Received[]
  /** Sends a message to every open WebSocket and event stream. */
  broadcast: (message: string) => void
}>

/**
 * Starts a small web app on loopback, an upstream that knows nothing of Postern. Each address is a page with links and a
 * form; those below `/kept` may be kept by the browser for ten minutes; `/live` also opens a WebSocket and an EventSource, and lists what arrives in `#socket` and `#events`.
 */
export async function startWebApp(t: Test): Promise<WebApp> {
  const received: Received[] = []
  const streams = new Set<ServerResponse>()
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer((request, response) => void answer(request, response))
  server.on('upgrade', (request, socket, head) => {
    received.push(receivedFrom(request, ''))
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (message) => client.send(`heard: ${message}`))
      client.send('open')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of sockets.clients) client.terminate()
    server.closeAllConnections()
    server.close()
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = receivedFrom(request, await text(request))
    received.push(entry)
    if (entry.url === '/live/events') return openStream(response)
    if (entry.url.startsWith('/kept/')) response.setHeader('cache-control', 'private, max-age=600')
    response.setHeader('set-cookie', 'theme=dark; Path=/')
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(render(entry))
  }

  function openStream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: open\n\n')
    streams.add(response)
    response.on('close', () => streams.delete(response))
  }

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    broadcast: (message) => {
      for (const client of sockets.clients) client.send(message)
      for (const stream of streams) stream.write(`data: ${message}\n\n`)
    },
  }
}

function receivedFrom({ method = '', url = '', rawHeaders }: IncomingMessage, body: string): Received {
  const header = (name: string) =>
    rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
  return { method, url, header, body }
}

function render({ method, url, header }: Received): string {
  return `<!doctype html><title>Shop</title>
<h1>Shop</h1>
<p id="request">${escapeHtml(`${method} ${url}`)}</p>
<p id="user">${escapeHtml(header('x-forwarded-user').join())}</p>
<nav><a id="orders" href="/orders?page=2">Orders</a> <a id="sign-out" href="/oauth2/sign_out">Sign out</a></nav>
<form method="post" action="/orders"><input name="item"><button id="order">Order</button></form>
${url === '/live' ? live : ''}`
}

const live = `<ul id="socket"></ul><ul id="events"></ul><button id="say">Say</button>
<script>
  const report = (list, text) => {
    const item = document.createElement('li')
    item.textContent = text
    document.querySelector(list).append(item)
  }
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/live/socket')
  socket.onmessage = ({ data }) => report('#socket', data)
  socket.onclose = ({ code, reason }) => report('#socket', 'closed ' + code + ' ' + reason)
  document.querySelector('#say').onclick = () => socket.send('hello')
  const events = new EventSource('/live/events')
  events.onmessage = ({ data }) => report('#events', data)
  events.onerror = () => report('#events', 'interrupted')
</script>`

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
