import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startDemo } from '../../src/demo/demo.ts'
import { skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { freePort } from '../support/free-port.ts'

const configFile = fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url))

/** A demo whose gateway has a clock that the test moves. */
async function start(t: Test) {
  let offset = 0
  const clock = () => Math.floor(Date.now() / 1000) + offset
  const logger = pino({ level: 'silent' })
  const demo = await startDemo({ configFile, port: await freePort(), logger, clock })
  t.teardown(demo.close)
  const advance = (seconds: number) => {
    offset += seconds
  }
  return { url: demo.publicUrl, advance }
}

async function become(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
  await page.getByText('signed in as').waitFor()
}

async function press(page: Page, name: string) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().isNavigationRequest()),
    page.getByRole('button', { name }).click(),
  ])
  return answer
}

const signedInAs = (page: Page) => page.locator('header bdi').textContent()
const mark = (page: Page) => page.locator('#mark').textContent()

t.test('each step that the guide of the demo tells is true', { skip: skipWithoutChromium }, async (t) => {
  const { url, advance } = await start(t)
  const chromium = await startChromium(t)
  const page = await (await chromium.newProfile(t)).newPage()

  await t.test('1. the provider, Alice, and the page that was asked for', async (t) => {
    await page.goto(`${url}/account`)
    t.match(page.url(), /^http:\/\/127\.0\.0\.1:\d+\/interaction\//)
    await become(page, 'Alice')
    t.equal(page.url(), `${url}/account`)
    t.equal(await signedInAs(page), 'alice')
  })

  await t.test('2. the token changes, and Alice stays signed in', async (t) => {
    const first = await mark(page)
    await page.reload()
    t.equal(await mark(page), first)
    advance(45)
    await page.reload()
    t.not(await mark(page), first)
    t.equal(await signedInAs(page), 'alice')
  })

  await t.test('3. Alice may not administer, Carol may', async (t) => {
    const refused = await page.goto(`${url}/admin`)
    t.equal(refused?.status(), 403)
    t.match(await page.locator('main').textContent(), 'alice@example.com')
    t.equal(await page.locator('main li').textContent(), 'admin')
    await page.getByText('Use another account').click()
    await page.getByText('Sign in again').click()
    await become(page, 'Carol')
    t.equal((await page.goto(`${url}/admin`))?.status(), 200)
    t.equal(await signedInAs(page), 'carol')
  })

  await t.test('4. the order of Alice is refused, that of Bob arrives', async (t) => {
    await signOut(page)
    await page.goto(`${url}/orders`)
    await become(page, 'Alice')
    t.equal((await press(page, 'Send POST')).status(), 403)
    await page.goto(`${url}/account`)
    await signOut(page)
    await page.goto(`${url}/orders`)
    await become(page, 'Bob')
    t.equal((await press(page, 'Send POST')).status(), 200)
    t.match(await page.locator('body').textContent(), 'item=A+door+handle')
  })

  await t.test('5. after the sign-out the Back button shows nothing that was protected', async (t) => {
    await page.goto(`${url}/account`)
    await signOut(page)
    await page.goBack()
    await page.getByText('Who do you want to be?').waitFor()
    t.notMatch(await page.locator('body').textContent(), 'signed in as')
  })
})

async function signOut(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Sign out' }).click()
  await page.getByText('You are signed out').waitFor()
}
