/** What all subjects of one run share. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLoad, type Load } from './load-control.ts'
import { allowedCores } from './measure.ts'
import { endAll, serveFile } from './processes.ts'

export type Bench = Readonly<{
  /** Where subjects run, and where everything that is not measured runs. The same core when there is only one. */
  cores: { subject: number; rest: number }
  /** The origin of the service behind every subject. */
  upstream: string
  issuer: string
  load: Load
  /** A file in the temporary folder of this run. */
  file(name: string): string
  /** Ends every process of the run and removes its folder. */
  close(): Promise<void>
}>

/** Starts the upstream, the provider and the load generator; access tokens outlive the run unless told how many seconds they live. */
export async function startBench(accessTokenSeconds?: number): Promise<Bench> {
  const [subject = 0, rest = subject] = allowedCores()
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  chmodSync(folder, 0o755) // Apache's workers give up root and must still reach it
  const upstream = await serveFile('upstream', [], rest)
  // oidc-provider prints warnings about running in memory and on this Node.js; both are meant here.
  const lifetime = accessTokenSeconds === undefined ? [] : [String(accessTokenSeconds)]
  const provider = await serveFile('provider', lifetime, rest, 'ignore')
  const load = createLoad(rest)
  return {
    cores: { subject, rest },
    upstream: upstream.url,
    issuer: provider.url,
    load,
    file: (name) => join(folder, name),
    async close() {
      await endAll()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
