import { request } from 'node:http'

/** Where a listener is: a TCP address or a Unix socket. */
type Listen = Readonly<{ host: string; port: number }> | Readonly<{ path: string }>

/** `ready` asks whether the gateway should get traffic, not only whether it lives. */
export type HealthcheckOptions = Readonly<{ listen: Listen; timeoutMs: number; ready?: boolean }>

/**
 * Asks the admin listener how the gateway is, for containers without a shell or curl.
 * Resolves to the exit code, 0 when well and 1 otherwise; says why in one line on standard error.
 */
export async function runHealthcheck(options: HealthcheckOptions): Promise<number> {
  const path = options.ready ? '/readyz' : '/healthz'
  try {
    const { status, body } = await get(options.listen, path, options.timeoutMs)
    if (status === 200) return 0
    return complain(`${path} answered ${status} ${body}`)
  } catch (error) {
    return complain(`${path} gave no answer: ${(error as NodeJS.ErrnoException).code}`)
  }
}

function complain(text: string): number {
  const line = text.replace(/\s+/g, ' ').slice(0, 500)
  process.stderr.write(`postern healthcheck: ${line.trim()}\n`)
  return 1
}

function get(listen: Listen, path: string, timeoutMs: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...target(listen),
      path,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode as number, body }))
    })
    outgoing.end()
  })
}

function target(listen: Listen): { socketPath: string } | { host: string; port: number } {
  if ('path' in listen) return { socketPath: listen.path }
  return { host: loopbackOf(listen.host), port: listen.port }
}

/** A wildcard address is for listening only; the way in from here is loopback. */
function loopbackOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' || host === '[::]' ? '::1' : host.replace(/^\[(.*)\]$/, '$1')
}
