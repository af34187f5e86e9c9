import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** Serves HTML by path on loopback, as somebody else's web site, under every name that loopback has. */
export async function startSite(
  t: Test,
  pages: Readonly<Record<string, string>>,
): Promise<Readonly<{ port: number }>> {
  const server = createServer((request, response) => {
    const html = pages[request.url as string]
    response.writeHead(html === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(html === undefined ? undefined : `<!doctype html>${html}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port }
}
