import { mkdirSync, writeFileSync } from 'node:fs'
import type { Bench } from './bench.ts'
import { processTree } from './measure.ts'
import { findProgram, freePort, serveProgram } from './processes.ts'
import { guardedPath, type Running, type Subject } from './subject.ts'

const program = findProgram('nginx')

/** nginx as a plain proxy with one worker: no login, no access log. */
export const nginx: Subject = {
  name: 'nginx, plain proxy',
  ...(program === undefined && { missing: 'nginx is not installed' }),
  start,
}

async function start(bench: Bench): Promise<Running> {
  const port = await freePort()
  const config = bench.file('nginx.conf')
  const folder = bench.file('nginx')
  mkdirSync(folder)
  writeFileSync(config, nginxConfig(port, new URL(bench.upstream).host, folder))
  const command = [String(program), '-p', folder, '-c', config, '-e', 'stderr']
  const server = await serveProgram(command, port, bench.cores.subject, bench.file('nginx.log'))
  return { url: server.url + guardedPath, pids: processTree(server.pid), cookies: [], close: server.close }
}

function nginxConfig(port: number, upstream: string, folder: string): string {
  const isRoot = process.getuid?.() === 0
  return `
${isRoot ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;
  upstream app { server ${upstream}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`
}
