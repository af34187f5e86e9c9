#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander'
import { runCheck } from './cli/check.ts'
import type { DemoOptions } from './cli/demo.ts'
import { runHealthcheck } from './cli/healthcheck.ts'
import { runKeygen } from './cli/keygen.ts'
import { runServe } from './cli/serve.ts'
import { loadConfig } from './config/load.ts'
import { ConfigError } from './config/problem.ts'
import { ruleProblems } from './core/rules.ts'

/** EX_CONFIG of sysexits.h: something was found wrong with the configuration. */
const badConfiguration = 78

const { env } = process
const checkRules = ruleProblems
const configOption = new Option('-c, --config <file>', 'the configuration file')
  .env('POSTERN_CONFIG')
  .default('config/postern.yaml')

const program = new Command('postern')
  .description('A reverse-proxy authentication gateway in front of unmodified services.')
  .showHelpAfterError()

program
  .command('serve', { isDefault: true })
  .description('guard the configured upstreams (this is also what happens without a command)')
  .addOption(configOption)
  .action(async ({ config }: { config: string }) => {
    await runServe(loadConfig(config, { env, checkRules }))
  })

program
  .command('check')
  .description('say whether a configuration file is valid: exit code 0, or 78 with every problem listed')
  .argument('<file>')
  .action((file: string) => {
    process.exitCode = runCheck(file, { env, write, checkRules })
  })

program
  .command('keygen')
  .description('print a new session key: 32 random bytes, base64')
  .action(() => {
    process.exitCode = runKeygen({ write })
  })

program
  .command('healthcheck')
  .description(
    'ask the admin listener whether the gateway is alive: exit code 0 or 1, for containers without a shell',
  )
  .addOption(configOption)
  .option('--ready', 'ask whether it should get traffic instead', false)
  .option('--timeout <seconds>', 'how long to wait', seconds, 3)
  .action(async (options: { config: string; ready: boolean; timeout: number }) => {
    const { admin } = loadConfig(options.config, { env, checkRules })
    const { listen } = admin
    process.exitCode = await runHealthcheck({
      listen,
      ready: options.ready,
      timeoutMs: options.timeout * 1000,
    })
  })

program
  .command('demo')
  .description(
    'run the gateway with an embedded OpenID provider and upstream, to look around (development only)',
  )
  .option('-c, --config <file>', 'the rule file', 'config/demo.yaml')
  .option('-p, --port <port>', 'the port of the gateway, or of the part run alone', portNumber, 4180)
  .addOption(new Option('--only <part>', 'run one embedded part alone').choices(['provider', 'upstream']))
  .option('--bind <address>', 'where a part run alone listens', '127.0.0.1')
  .option('--host <name>', 'the host name of the provider run alone', '127.0.0.1')
  .option(
    '--public-url <origin>',
    'where browsers reach the gateway, for the provider run alone',
    'http://localhost:4180',
  )
  .action(async (options: DemoOptions) => {
    // Loaded only here: its parts are development dependencies.
    const { runDemo } = await import('./cli/demo.ts')
    await runDemo(options, (text) => process.stdout.write(text))
  })

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${complaint(error)}\n`)
  process.exitCode = error instanceof ConfigError ? badConfiguration : 1
}

/** What went wrong, for a person: a stack trace only for what nobody foresaw. */
function complaint(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  const { syscall, code, message, stack } = error as NodeJS.ErrnoException
  if (syscall === 'listen')
    return `postern: ${message}${code === 'EADDRINUSE' ? ' (is it running already?)' : ''}`
  return `postern: ${stack}`
}

function write(line: string): void {
  process.stdout.write(`${line}\n`)
}

function portNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value < 65_536) return value
  throw new InvalidArgumentError('Give a port number.')
}

function seconds(text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new InvalidArgumentError('Give a number of seconds.')
}
