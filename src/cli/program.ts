import { createRequire } from 'node:module'
import { Argument, Command, Option } from 'commander'
import type { Preset } from '../config/schema-forward-auth.ts'
import { ruleProblems } from '../core/rules.ts'
import type { Format } from '../migrate/read.ts'
import { hostAndPort, portNumber, seconds, webOrigin } from './arguments.ts'
import type { DemoOptions } from './demo.ts'
import type { ExplainOptions } from './explain.ts'
import { runHealthcheck } from './healthcheck.ts'
import { runKeygen } from './keygen.ts'
import { loadConfigApart } from './load-apart.ts'
import type { TestOptions } from './test.ts'

/** As in `snippets`, which is loaded when it is needed. */
const printable = [
  'nginx',
  'ingress-nginx',
  'traefik',
  'caddy',
  'haproxy',
  'haproxy-lua',
  'envoy',
  'envoy-gateway',
  'gateway-api',
  'istio',
]

/** As in `formats` and `presets`, which are loaded when they are needed. */
const migratable: readonly Format[] = ['toml', 'env', 'flags']
const askingProxies: readonly Preset[] = ['nginx', 'ingress-nginx', 'traefik', 'caddy', 'haproxy', 'envoy']

/** The command line. What a command needs beyond the configuration is loaded when it runs: a health check stays light. */
export function createProgram(): Command {
  const program = new Command('postern')
    .description(
      'A reverse-proxy authentication gateway: sign-in, sessions and access rules in front of unmodified services.',
    )
    .version(packageVersion())
    .showHelpAfterError('(postern --help tells more)')
    .addHelpText('after', exitCodes)
  addServe(program)
  addCheck(program)
  addKeygen(program)
  addHealthcheck(program)
  addPrint(program)
  addMigrate(program)
  addExplain(program)
  addTest(program)
  addDemo(program)
  return program
}

const exitCodes = `
Exit codes:
  0   all went well; for a server: it was asked to stop, and finished what was under way
  1   something failed, and one line on standard error says what; for test: some test failed
  3   for explain: the request may not pass
  78  the configuration has problems, or warnings with --strict; each is listed with its place, and nothing was started`

function addServe(program: Command): void {
  program
    .command('serve', { isDefault: true })
    .description('guard the configured upstreams until SIGTERM or SIGINT (also without any command)')
    .addOption(configOption())
    // As the default command it gets every word that names none.
    .allowExcessArguments()
    .action(async ({ config }: { config: string }, command: Command) => {
      const [unknown] = command.args
      if (unknown !== undefined) program.error(`error: unknown command '${unknown}'`)
      const { runServe } = await import('./serve.ts')
      await runServe(config)
    })
}

type CheckArguments = Readonly<{ strict: boolean; format: 'text' | 'json' }>

function addCheck(program: Command): void {
  program
    .command('check')
    .description('say what is wrong with a configuration file, and what to be wary of, each with its place')
    .argument('<file>', 'the configuration file; the variables and files it names have to be there')
    .option('--strict', 'let warnings fail too: exit code 78 for anything that is found', false)
    .addOption(formatOption())
    .action(async (file: string, options: CheckArguments) => {
      const { runCheck } = await import('./check.ts')
      process.exitCode = runCheck(file, { env: process.env, write: writeLine, ...options })
    })
}

function formatOption(): Option {
  return new Option('--format <format>', 'how to tell: lines, or one JSON object')
    .choices(['text', 'json'])
    .default('text')
}

function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('print a new session key: 32 random bytes in base64')
    .action(() => runKeygen({ write: writeLine }))
}

type HealthcheckArguments = Readonly<{ config: string; ready: boolean; timeout: number }>

function addHealthcheck(program: Command): void {
  program
    .command('healthcheck')
    .description('ask a running gateway how it is: exit code 0 or 1; for containers without a shell')
    .addOption(configOption())
    .option('--ready', 'ask whether it should get traffic, not only whether it is alive', false)
    .option('--timeout <seconds>', 'how long to wait', seconds, 3)
    .action(async ({ config, ready, timeout }: HealthcheckArguments) => {
      const { listen } = (await loadConfigApart(config)).admin
      process.exitCode = await runHealthcheck({ listen, ready, timeoutMs: timeout * 1000 })
    })
}

type ExplainArguments = ExplainOptions & Readonly<{ config: string }>

type PrintArguments = Readonly<{ config: string; address?: string; service?: string }>

function addPrint(program: Command): void {
  program
    .command('print')
    .description('print what to write in the configuration of a proxy that asks Postern about every request')
    .addArgument(new Argument('<proxy>', 'which proxy').choices(printable))
    .addOption(configOption())
    .option(
      '--address <host:port>',
      'where that proxy reaches Postern; by default on this machine',
      hostAndPort,
    )
    .option('--service <origin>', 'the service behind that proxy', webOrigin)
    .addHelpText('after', printHelp)
    .action(async (proxy: string, { config, ...places }: PrintArguments) => {
      const settings = await loadConfigApart(config)
      const { runPrint } = await import('./print.ts')
      runPrint(proxy, settings, { ...places, write: writeText })
    })
}

function addExplain(program: Command): void {
  program
    .command('explain')
    .description('say what the gateway would do with a request and why: exit code 0 when it may pass, else 3')
    .argument('<method>', 'the request method, like GET')
    .argument('<url>', 'the URL to the letter, or a path on the first public_url')
    .addOption(configOption())
    .option('--as <file>', 'as somebody with these claims: a JSON object; "scopes" in it is what was granted')
    .option('--scopes <scopes>', 'as somebody with these scopes, with a space between them')
    .option('--bearer', 'as whoever sends these by a bearer token, not by a session')
    .option(
      '--cookie <input>',
      'as whoever a Cookie header is from; - reads it from standard input, and nothing else will do',
    )
    .option(
      '--header <line>',
      "a header of the request, like 'Accept: text/html'; any number of times",
      collected,
      [],
    )
    .option('--client <address>', 'the address that the request comes from', '127.0.0.1')
    .option('--check', 'as another proxy asks about it (forward_auth)')
    .option('--json', 'print JSON')
    .action(async (method: string, url: string, { config, ...options }: ExplainArguments) => {
      const [{ runExplain }, { loadSource }, { readInput }] = await Promise.all([
        import('./explain.ts'),
        import('../config/load.ts'),
        import('./input.ts'),
      ])
      const located = loadSource(config, { env: process.env, checkRules: ruleProblems })
      const places = { write: writeText, read: readInput, clock: epochSeconds }
      process.exitCode = await runExplain(located, [method, url], options, places)
    })
}

function addTest(program: Command): void {
  program
    .command('test')
    .description(
      'check that a configuration does what a file of tests expects: exit code 0, or 1 when it does not',
    )
    .argument('<file>', 'the file of tests; config/tests.yaml is an example')
    .option('-c, --config <file>', 'the configuration, instead of the one that the file names')
    .option('--junit <file>', 'write the results as JUnit XML, too')
    .option('--require-all-rules', 'fail when some rule is reached by no test', false)
    .action(async (file: string, options: TestOptions) => {
      const { runTests } = await import('./test.ts')
      process.exitCode = await runTests(file, options, {
        env: process.env,
        write: writeText,
        clock: epochSeconds,
      })
    })
}

const printHelp = `
HAProxy needs two files: "haproxy" is what haproxy.cfg gets, "haproxy-lua" the Lua file that it loads.`

type MigrateArguments = Readonly<{ format?: Format; preset?: Preset }>

function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description(
      'print a configuration for Postern made from one of oauth2-proxy, with comments on what to decide',
    )
    .argument(
      '<files...>',
      'its configuration file, lines of OAUTH2_PROXY_ variables, or a file with its flags',
    )
    .addOption(
      new Option('--format <format>', 'what the files are; by default told by their content').choices(
        migratable,
      ),
    )
    .addOption(
      new Option(
        '--preset <proxy>',
        'which proxy asks about every request; by default nginx, if any',
      ).choices(askingProxies),
    )
    .action(async (files: string[], options: MigrateArguments) => {
      const { runMigrate } = await import('./migrate.ts')
      runMigrate(files, { ...options, write: (text) => process.stdout.write(text) })
    })
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run the gateway with a provider and an application of its own, to look around')
    .option('-c, --config <file>', 'the rule file', 'config/demo.yaml')
    .option(
      '-p, --port <port>',
      'the port of the gateway, or of the part that is run alone',
      portNumber,
      4180,
    )
    .addOption(new Option('--only <part>', 'run one part alone').choices(['provider', 'upstream']))
    .optionsGroup('For a part that is run alone, in a container:')
    .option('--bind <address>', 'where it listens', '127.0.0.1')
    .option('--host <name>', 'the host name of the provider', '127.0.0.1')
    .option('--public-url <origin>', 'where browsers reach the gateway', 'http://localhost:4180')
    .action(async (options: DemoOptions) => {
      // Parts of it are development dependencies, which a production installation leaves out.
      const { runDemo } = await import('./demo.ts')
      await runDemo(options, writeText)
    })
}

function configOption(): Option {
  return new Option('-c, --config <file>', 'the configuration file')
    .env('POSTERN_CONFIG')
    .default('config/postern.yaml')
}

function packageVersion(): string {
  return createRequire(import.meta.url)('postern/package.json').version
}

function collected(line: string, before: readonly string[]): readonly string[] {
  return [...before, line]
}

function epochSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

function writeText(text: string): void {
  process.stdout.write(text)
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
