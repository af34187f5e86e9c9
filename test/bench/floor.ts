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
  let resumeUpstream: () => void
  // undici's older handler methods: the newer ones parse the headers into an object first, and this is the floor.
  upstream.dispatch(options, {
    onConnect(abort) {
      response.once('close', () => {
        if (!response.writableEnded) abort()
      })
    },
    onHeaders(status, headers, resume) {
      resumeUpstream = resume
      response.writeHead(
        status,
        headers.map((value) => value.toString('latin1')),
      )
      return true
    },
    onData(chunk) {
      if (response.write(chunk)) return true
      response.once('drain', resumeUpstream)
      return false
    },
    onComplete() {
      response.end()
    },
    onError() {
      response.destroy()
    },
  })
}

announce(createServer(forward))
