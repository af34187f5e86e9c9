import { spawnSync } from 'node:child_process'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

/** A running Chromium. */
export type Chromium = Readonly<{
  /** A browser profile of its own, with no cookies in it; closed at the end of the test. */
  newProfile: (t: Test) => Promise<BrowserContext>
}>

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** What has not come by then will not come: the test fails and says what it waited for. */
const longestWaitMs = 20_000

/** People's browsers keep pages for the Back button; playwright's would not. */
const unwantedDefaults = ['--disable-back-forward-cache']

const executablePath = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim()

/** For tap's `skip`: why these tests cannot run here. Where CI is set they run all the same, and fail. */
export const skipWithoutChromium: string | false =
  executablePath === '' && !process.env['CI'] && 'chromium is not on the PATH: install it to run these tests'

/** Starts the Chromium of the PATH with a fresh user-data directory, for the length of a test. */
export async function startChromium(t: Test): Promise<Chromium> {
  if (executablePath === '') throw new Error('chromium is not on the PATH, and CI needs it')
  const browser = await chromium.launch({ executablePath, args: flags, ignoreDefaultArgs: unwantedDefaults })
  t.teardown(() => browser.close())
  return {
    newProfile: async (t) => {
      const profile = await browser.newContext({ ignoreHTTPSErrors: true })
      profile.setDefaultTimeout(longestWaitMs)
      t.teardown(() => profile.close())
      return profile
    },
  }
}

/** Presses the button of a user on the sign-in page of the test provider. */
export async function signInAs(page: Page, user: string): Promise<void> {
  await page.locator(`button#${user}`).click()
}

/** Waits for the sign-in page of the test provider. */
export async function seesSignIn(page: Page): Promise<void> {
  await page.locator('button#alice').waitFor()
}

/** The names of all cookies of a profile, or of those a request to `url` would carry. */
export async function cookieNames(profile: BrowserContext, url?: string): Promise<string> {
  return (await profile.cookies(url)).map(({ name }) => name).join(' ')
}
