/**
 * The floor: the least a Node proxy can cost. Bare node:http in front, undici's dispatch behind, no login, no rules,
 * no header policy. It is a measure, not a proxy to use. Arguments: the upstream's origin.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { announce } from './announce.ts'

const upstream = new Pool(String(process.argv[2]))

function forward(request: IncomingMessage, response: ServerResponse): void {
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  const options: Dispatcher.DispatchOptions = {
    method: request.method as Dispatcher.HttpMethod,
    path: String(request.url),
    headers: request.rawHeaders,
    body: hasBody ? request : null,
  }
  upstream.dispatch(options, {
    onRequestStart(controller) {
      response.once('close', () => {
        if (!response.writableEnded) controller.abort(new Error('the client went away'))
      })
    },
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, headers)
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      response.destroy()
    },
  })
}

announce(createServer(forward))
