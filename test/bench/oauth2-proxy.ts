import { randomBytes } from 'node:crypto'
import type { Bench } from './bench.ts'
import { benchClient } from './bench-client.ts'
import { login } from './login.ts'
import { processTree } from './measure.ts'
import { findProgram, freePort, serveProgram } from './processes.ts'
import { guardedPath, type Running, type Subject } from './subject.ts'

const program = findProgram('oauth2-proxy')

/** oauth2-proxy with its session in a cookie, the access token passed on, and no logs. */
export const oauth2Proxy: Subject = {
  name: 'oauth2-proxy',
  ...(program === undefined && { missing: 'oauth2-proxy is not on the PATH' }),
  start,
}

async function start(bench: Bench): Promise<Running> {
  const port = await freePort()
  const command = [
    String(program),
    `--http-address=127.0.0.1:${port}`,
    '--provider=oidc',
    `--oidc-issuer-url=${bench.issuer}`,
    `--client-id=${benchClient.id}`,
    `--client-secret=${benchClient.secret}`,
    `--redirect-url=http://127.0.0.1:${port}${benchClient.callbackPath}`,
    `--scope=${benchClient.scopes.join(' ')}`,
    '--code-challenge-method=S256',
    `--cookie-secret=${randomBytes(32).toString('base64url')}`,
    '--cookie-secure=false',
    '--email-domain=*',
    '--insecure-oidc-allow-unverified-email=true',
    `--upstream=${bench.upstream}`,
    '--pass-access-token=true',
    '--skip-provider-button=true',
    '--request-logging=false',
    '--auth-logging=false',
    '--standard-logging=false',
  ]
  const server = await serveProgram(command, port, bench.cores.subject, bench.file('oauth2-proxy.log'))
  const url = server.url + guardedPath
  return { url, pids: processTree(server.pid), cookies: [await login(url)], close: server.close }
}
