import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import type { Bench } from './bench.ts'
import { benchClient } from './bench-client.ts'
import { login } from './login.ts'
import { processTree } from './measure.ts'
import { findProgram, freePort, serveProgram } from './processes.ts'
import { apacheName, guardedPath, type Running, type Subject } from './subject.ts'

const program = findProgram('apache2') ?? findProgram('httpd')
const modules = ['/usr/lib/apache2/modules', '/usr/lib64/httpd/modules', '/usr/lib/httpd/modules'].find(
  (folder) => existsSync(`${folder}/mod_auth_openidc.so`),
)

/** Apache with mod_auth_openidc, its session in the client's cookie as Postern's is; the event MPM, no access log. */
export const apache: Subject = {
  name: apacheName,
  ...((program === undefined || modules === undefined) && {
    missing: 'Apache with mod_auth_openidc is not installed',
  }),
  start,
}

async function start(bench: Bench): Promise<Running> {
  const port = await freePort()
  const folder = bench.file('apache')
  const config = bench.file('apache.conf')
  mkdirSync(folder)
  writeFileSync(config, apacheConfig(bench, port, folder))
  const command = [String(program), '-d', folder, '-f', config, '-D', 'FOREGROUND']
  const server = await serveProgram(command, port, bench.cores.subject, bench.file('apache.log'))
  const url = server.url + guardedPath
  const cookies = [await login(url)]
  return { url, pids: processTree(server.pid), cookies, close: server.close }
}

function apacheConfig(bench: Bench, port: number, folder: string): string {
  const loaded = [
    'mpm_event',
    'authn_core',
    'authz_core',
    'authz_user',
    'headers',
    'proxy',
    'proxy_http',
    'auth_openidc',
  ]
  // Apache refuses to answer as root.
  const user = process.getuid?.() === 0 ? 'User nobody\nGroup nogroup' : ''
  return `
${loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
${user}
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
ErrorLog /dev/stderr
LogLevel error
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 75
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
MinSpareThreads 64
MaxSpareThreads 64

OIDCProviderMetadataURL ${bench.issuer}/.well-known/openid-configuration
OIDCClientID ${benchClient.id}
OIDCClientSecret "${benchClient.secret}"
OIDCScope "${benchClient.scopes.join(' ')}"
OIDCRedirectURI http://127.0.0.1:${port}${benchClient.callbackPath}
OIDCCryptoPassphrase "a passphrase for one measurement"
OIDCSessionType client-cookie
OIDCSessionInactivityTimeout 3600

<Location />
  AuthType openid-connect
  Require claim scope~openid
  Require valid-user
  RequestHeader set Authorization "Bearer %{OIDC_access_token}e" env=OIDC_access_token
</Location>
ProxyPreserveHost On
ProxyPass / ${bench.upstream}/ keepalive=On
`
}
