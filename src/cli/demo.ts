import { demoClient, demoRedirects, startDemo } from '../demo/demo.ts'
import { demoGuide } from '../demo/guide.ts'
import { createDemoProvider } from '../demo/provider.ts'
import { createDemoUpstream } from '../demo/upstream.ts'
import { createLogger } from '../logs/logger.ts'
import { exitOnFatal } from './exit-on-fatal.ts'
import { untilStopped } from './until-stopped.ts'

/** The options of `postern demo`; all but the first two are for the parts run alone, in containers. */
export type DemoOptions = Readonly<{
  config: string
  port: number
  only?: 'provider' | 'upstream'
  bind: string
  host: string
  publicUrl: string
}>

/** Runs the demo, or one of its embedded parts alone, until SIGTERM or SIGINT. */
export async function runDemo(options: DemoOptions, write: (text: string) => void): Promise<void> {
  if (options.only === undefined) await runWhole(options, write)
  else await runPart(options, write)
}

async function runWhole({ config, port }: DemoOptions, write: (text: string) => void): Promise<void> {
  const stopped = untilStopped()
  const log = createLogger({ level: 'info', format: 'auto', isTerminal: process.stdout.isTTY === true })
  exitOnFatal(log)
  const demo = await startDemo({ configFile: config, port, logger: log.logger })
  write(demoGuide(demo, config))
  await stopped
  await demo.close()
  log.close()
}

async function runPart(options: DemoOptions, write: (text: string) => void): Promise<void> {
  const { only, bind, host, port, publicUrl } = options
  const stopped = untilStopped()
  const { clientId } = demoClient
  const clientSecret = process.env['POSTERN_CLIENT_SECRET'] ?? demoClient.clientSecret
  const part =
    only === 'upstream'
      ? createDemoUpstream({ bind })
      : createDemoProvider({ port, bind, host, clientId, clientSecret, ...demoRedirects(publicUrl) })
  write(`${only}: ${await part.listen(port)}\n`)
  await stopped
  await part.close()
}
