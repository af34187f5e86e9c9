/** The service behind every subject: 700 bytes for a GET, 100 MB at …/download, a sink for uploads, WebSockets that echo. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { WebSocketServer } from 'ws'
import { announce } from './announce.ts'
import { transferBytes } from './transfer-size.ts'

const answer = Buffer.alloc(700, 'x')
const piece = Buffer.alloc(64 * 1024, 'x')

function handle(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET') sink(request, response)
  else if (request.url?.endsWith('/download')) download(response)
  else small(response)
}

function small(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': answer.length })
  response.end(answer)
}

function sink(request: IncomingMessage, response: ServerResponse): void {
  request.resume().once('end', () => {
    response.writeHead(200, { 'Content-Length': 2 })
    response.end('ok')
  })
}

function download(response: ServerResponse): void {
  let left = transferBytes
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': left })
  send()

  function send(): void {
    while (left > 0) {
      const chunk = piece.subarray(0, left)
      left -= chunk.length
      if (!response.write(chunk)) break
    }
    if (left > 0) response.once('drain', send)
    else response.end()
  }
}

const webSockets = new WebSocketServer({ noServer: true })
const server = createServer(handle)
server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }))
  })
})
announce(server)
