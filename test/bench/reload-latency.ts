/** Reloads while requests come at a steady rate: whether any fails, and whether they get slower. */
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Bench } from './bench.ts'
import { postern, type RunningPostern } from './postern.ts'
import { quantile, type Spread, spread } from './statistics.ts'

export type ReloadResult = Readonly<{
  requests: number
  failed: number
  reloads: number
  /** Of all requests, milliseconds. */
  p99: number
  /** The p99 of each second after a reload began, and of each second in which nothing was reloaded, milliseconds. */
  around: Spread
  quiet: Spread
  /** The p99 of all requests of such seconds together. */
  pooled: Readonly<{ around: number; quiet: number }>
  /** The highest median of a tenth of a second around a reload, and where nothing was reloaded, milliseconds. */
  highestStep: Readonly<{ around: number; quiet: number }>
}>

type Answer = Readonly<{ at: number; took: number }>

/** A reload every so often; the first second after it is "around" it, the later ones are quiet. Milliseconds. */
const period = 4_000
const second = 1_000
const stepLength = 100
const rate = 200
const tick = 10
/** How long a configuration may take to be in force on a busy machine. */
const patience = 30_000

/** Runs as many reloads as the count says, on both cores: reading a configuration is a thread of its own. */
export async function measureReloads(bench: Bench, count: number): Promise<ReloadResult> {
  const { subject, rest } = bench.cores
  const gateway = await postern(bench, { cores: [subject, rest], rules: 100 })
  const steady = startSteady(gateway)
  await pause(3 * second)
  steady.forget()
  const begun: number[] = []
  for (let turn = 1; turn <= count; turn++) {
    const marker = { path: `/version-${turn}/**`, upstream: 'app', access: 'public' }
    gateway.reconfigure({ moreRules: [marker] })
    begun.push(performance.now())
    process.kill(gateway.pid, 'SIGHUP')
    await pause(period)
    await untilThere(gateway, turn)
  }
  const { answers, failed } = await steady.stop()
  await gateway.close()
  return judged(answers, failed, begun)
}

async function untilThere(gateway: RunningPostern, turn: number): Promise<void> {
  const until = performance.now() + patience
  while (!(await isThere(gateway, turn))) {
    if (performance.now() > until) throw new Error('a configuration was not in force after a reload')
    await pause(period / 4)
  }
}

async function isThere({ url }: RunningPostern, turn: number): Promise<boolean> {
  const { statusCode, body } = await request(new URL(`/version-${turn}/x`, url))
  await body.dump()
  return statusCode === 200
}

/** Requests begin when it is their time, whether those before were answered or not. */
function startSteady({ url, cookies }: RunningPostern) {
  const agent = new Agent({ connections: 64 })
  const headers = { cookie: String(cookies[0]), accept: 'application/json', 'sec-fetch-mode': 'cors' }
  const underWay = new Set<Promise<void>>()
  let answers: Answer[] = []
  let failed = 0
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - startedAt) * rate) / 1000; sent++) {
      const one = ask().catch(() => {
        failed++
      })
      underWay.add(one)
      void one.finally(() => underWay.delete(one))
    }
  }, tick)
  return {
    forget: () => {
      answers = []
    },
    stop: async () => {
      clearInterval(timer)
      await Promise.all(underWay)
      await agent.close()
      return { answers, failed }
    },
  }

  async function ask(): Promise<void> {
    const at = performance.now()
    const { statusCode, body } = await request(url, { dispatcher: agent, headers })
    await body.dump()
    if (statusCode !== 200) failed++
    answers.push({ at, took: performance.now() - at })
  }
}

function judged(answers: readonly Answer[], failed: number, begun: readonly number[]): ReloadResult {
  const seconds = begun.flatMap((start) =>
    Array.from({ length: period / second }, (_, index) => ({
      isAround: index === 0,
      start: start + index * second,
    })),
  )
  const around = seconds.filter(({ isAround }) => isAround).map(({ start }) => start)
  const quiet = seconds.filter(({ isAround }) => !isAround).map(({ start }) => start)
  const inSeconds = (starts: readonly number[]) => starts.map((start) => between(answers, start, second))
  return {
    requests: answers.length + failed,
    failed,
    reloads: begun.length,
    p99: quantileOf(answers, 0.99),
    around: spread(inSeconds(around).map((those) => quantileOf(those, 0.99))),
    quiet: spread(inSeconds(quiet).map((those) => quantileOf(those, 0.99))),
    pooled: {
      around: quantileOf(inSeconds(around).flat(), 0.99),
      quiet: quantileOf(inSeconds(quiet).flat(), 0.99),
    },
    highestStep: { around: highestStep(answers, around), quiet: highestStep(answers, quiet) },
  }
}

function highestStep(answers: readonly Answer[], starts: readonly number[]): number {
  const steps = starts.flatMap((start) =>
    Array.from({ length: second / stepLength }, (_, index) =>
      between(answers, start + index * stepLength, stepLength),
    ),
  )
  return Math.max(...steps.map((those) => quantileOf(those, 0.5)).filter((value) => value > 0))
}

function between(answers: readonly Answer[], start: number, length: number): Answer[] {
  return answers.filter(({ at }) => at >= start && at < start + length)
}

function quantileOf(answers: readonly Answer[], q: number): number {
  return quantile(Float64Array.from(answers.map(({ took }) => took)).sort(), q)
}
