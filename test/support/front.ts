import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'
import { isListening } from './is-listening.ts'

/** A program of somebody else that stands in front of a gateway. */
export type FrontName = 'nginx' | 'haproxy' | 'caddy'

/** For tap's `skip`: why a front cannot be had here. Where CI is set its tests run all the same, and fail. */
export function skipWithout(name: FrontName): string | false {
  return (
    !isInstalled(name) && !process.env['CI'] && `${name} is not on the PATH: install it to run these tests`
  )
}

function isInstalled(name: FrontName): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}

/** The whole of a configuration for nginx, given what belongs into its `http` block. */
export function nginxConfig(folder: string, http: string): string {
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
${http}
}
`
}

type Transparent = Exclude<FrontName, 'caddy'>

const configurations: Readonly<
  Record<Transparent, (port: number, gateway: number, folder: string) => string>
> = {
  nginx: (port, gateway, folder) =>
    nginxConfig(
      folder,
      `
  upstream gateway { server 127.0.0.1:${gateway}; keepalive 4; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }`,
    ),
  haproxy: (port, gateway) => `
global
  maxconn 256
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend gateway
backend gateway
  server postern 127.0.0.1:${gateway}
`,
}

const commands: Readonly<Record<FrontName, (folder: string, config: string) => string[]>> = {
  nginx: (folder, config) => ['nginx', '-p', folder, '-c', config, '-e', 'stderr'],
  haproxy: (_folder, config) => ['haproxy', '-db', '-q', '-f', config],
  caddy: (_folder, config) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', config],
}

/** Starts the program in front of a gateway's port, both on loopback, and gives its own port; it keeps connections open to it. */
export async function startFront(t: Test, name: Transparent, gateway: number): Promise<number> {
  const port = await freePort()
  await startConfigured(t, name, port, (folder) => ({
    configuration: configurations[name](port, gateway, folder),
  }))
  return port
}

/** What a program reads: its configuration, and files beside it by their names. */
export type FrontFiles = Readonly<{ configuration: string; [name: string]: string }>

/** Starts the program with a configuration that makes it listen on this port of loopback; it knows the folder of its files. */
export async function startConfigured(
  t: Test,
  name: FrontName,
  port: number,
  filesIn: (folder: string) => FrontFiles,
): Promise<void> {
  const folder = t.testdir({})
  for (const [file, text] of Object.entries(filesIn(folder))) writeFileSync(join(folder, file), text)
  const [program = '', ...args] = commands[name](folder, join(folder, 'configuration'))
  const child = spawn(program, args, {
    // Caddy tells there what it does, whatever its own configuration says.
    stdio: ['ignore', 'ignore', name === 'caddy' ? 'ignore' : 'inherit'],
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  t.teardown(() => end(child))
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`${name} did not start`)
    await pause(20)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}
