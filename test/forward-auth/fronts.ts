import type { Test } from 'tap'
import { runPrint } from '../../src/cli/print.ts'
import type { snippets } from '../../src/snippets/snippets.ts'
import { type FrontFiles, type FrontName, nginxConfig, startConfigured } from '../support/front.ts'
import type { Gateway } from '../support/gateway.ts'

/** What is put around the printed text, to make a whole configuration of it that listens on this port. */
type Wrap = (printed: (kind: keyof typeof snippets) => string, port: number, folder: string) => FrontFiles

const wraps: Readonly<Record<FrontName, Wrap>> = {
  nginx: (printed, port, folder) => ({
    configuration: nginxConfig(
      folder,
      `server {\nlisten 127.0.0.1:${port};\nserver_name localhost;\n${printed('nginx')}}`,
    ),
  }),
  caddy: (printed) => ({
    configuration: `{
	admin off
	auto_https off
	default_bind 127.0.0.1
	log default {
		level FATAL
	}
}
${printed('caddy')}`,
  }),
  haproxy: (printed, port, folder) => ({
    configuration: `
defaults
  timeout connect 5s
  timeout client 30s
  timeout server 30s
${printed('haproxy')
  .replaceAll('/etc/haproxy', folder)
  .replace(/bind :443 .*/, `bind 127.0.0.1:${port}`)}`,
    'postern.lua': printed('haproxy-lua'),
  }),
}

/** Starts the program with what `postern print` says for this gateway, in front of a service. */
export function startPrinted(
  t: Test,
  name: FrontName,
  options: {
    gateway: Gateway
    service: string
    port: number
    /** Makes something else of the files. */
    change?: (files: FrontFiles) => FrontFiles
  },
): Promise<void> {
  const { gateway, service, port, change = (files) => files } = options
  const printed = (kind: keyof typeof snippets) => {
    let text = ''
    runPrint(kind, gateway.config, { service, write: (more) => (text += more) })
    return text
  }
  return startConfigured(t, name, port, (folder) => change(wraps[name](printed, port, folder)))
}
