import { type CookieCause, type CookieFacts, cookieCauses } from './cookie-causes.ts'
import { type Html, html } from './html.ts'
import { button, layout, nameList, type Page, type PageFacts, startUrl } from './layout.ts'
import { refusalText } from './provider-refusal.ts'

/** Why a login did not end well; the names double as log reasons. */
export type LoginProblem =
  | Readonly<{ reason: 'login-cookie-missing'; cookie: CookieFacts }>
  | Readonly<{ reason: 'login-going-round'; cookie: CookieFacts }>
  | Readonly<{ reason: 'login-refused'; error: string }>
  /** `retryAfter` in seconds. */
  | Readonly<{ reason: keyof typeof plain; retryAfter?: number | undefined }>

type LoginFacts = PageFacts & Readonly<{ problem: LoginProblem; returnTo?: string }>

type Text = Readonly<{ status: number; title: string; detail: string; body?: string | Html; operator?: Html }>

const plain = {
  'login-expired': {
    status: 400,
    title: 'This sign-in took too long',
    detail: 'A sign-in has to be finished within ten minutes, and this one was older.',
  },
  'login-already-used': {
    status: 400,
    title: 'This sign-in was used already',
    detail: 'Every sign-in works once. Going back or reloading the page does not repeat it.',
  },
  'login-unknown': {
    status: 400,
    title: 'This sign-in was not started here',
    detail: 'It belongs to another browser or another site, or it was replaced by newer ones in other tabs.',
  },
  'provider-unreachable': {
    status: 503,
    title: 'Signing in is not possible right now',
    detail: 'The identity provider does not answer at the moment.',
    body: 'Wait a moment, then try again.',
  },
  'provider-invalid': {
    status: 502,
    title: 'Signing in did not work',
    detail: 'The identity provider gave an answer that cannot be accepted.',
    body: 'Try again. If it happens once more, tell whoever runs this site, with the request number below.',
    operator: nameList(['The log line with this request number names the check that failed.']),
  },
  'client-refused': {
    status: 502,
    title: 'Signing in is not set up correctly',
    detail: 'The identity provider refused this gateway, not you.',
    body: 'Tell whoever runs this site, with the request number below.',
    operator: nameList([
      html`Check <code>provider.client_id</code>, the client secret or key, and <code>provider.client_auth</code>.`,
      'Check that the redirect URI is registered at the provider, character for character.',
    ]),
  },
  'too-many-logins': {
    status: 429,
    title: 'Too many sign-ins at once',
    detail: 'More sign-ins were begun from your network than are accepted in a minute.',
    body: 'Wait a moment, then try again. Pages that reload by themselves in other tabs may be the cause.',
    operator: nameList([
      html`Behind a proxy that is not in <code>server.trusted_proxies</code>, everybody counts as one client.`,
      html`The limit is <code>server.limits.logins_per_minute</code>.`,
    ]),
  },
  'session-too-large': {
    status: 500,
    title: 'Your sign-in does not fit into a cookie',
    detail: 'The identity provider sent more about your account than a browser can keep for this site.',
    body: 'Tell whoever runs this site, with the request number below.',
    operator: nameList([
      'Ask the provider for fewer claims or groups, or for shorter tokens.',
      html`Or raise <code>session.cookie.max_chunks</code>; proxies in front must accept headers of that size.`,
    ]),
  },
} as const satisfies Record<string, Text>

const causeTexts: Readonly<Record<CookieCause, (facts: CookieFacts) => Html>> = {
  'check-without-cookie': ({ host }) =>
    html`Your browser shows its session to <bdi>${host}</bdi>, but the proxy in front does not pass the <code>Cookie</code> header on when it asks whether you may pass.`,
  'set-cookie-dropped': () =>
    html`The proxy in front does not pass <code>Set-Cookie</code> on to your browser, or not for this path.`,
  'secure-over-http': ({ publicUrl }) =>
    html`The page was loaded over plain http, and a Secure cookie is kept for https only. Use <bdi>${publicUrl}</bdi>.`,
  'other-host': ({ host, publicUrl }) =>
    html`The sign-in came back to <bdi>${host}</bdi>, but cookies are kept for <bdi>${publicUrl}</bdi>.`,
  domain: ({ domain, publicUrl }) =>
    html`The cookie domain <code>${domain}</code> does not cover <bdi>${publicUrl}</bdi>, so browsers drop the cookie.`,
  'same-site': () =>
    html`Cookies are set to <code>SameSite=Strict</code>, and coming back from the provider does not count as same site.`,
  'too-many-cookies': ({ cookieBytes }) =>
    html`The browser sent ${cookieBytes} bytes of cookies for this site; a browser or proxy may have dropped ours.`,
  'no-cookies-at-all': () => html`The browser sent no cookie at all: it may block cookies for this site.`,
  'clock-or-age': () =>
    html`The sign-in was older than ten minutes, or a clock is wrong: the browser’s, or this server’s.`,
}

/** Says what most likely went wrong with a login; always a way to try again. */
export function loginProblemPage(facts: LoginFacts): Page {
  return layout(facts, {
    ...describe(facts.problem),
    action: button(startUrl(facts.prefix, facts.returnTo), 'Try again'),
  })
}

function describe(problem: LoginProblem): Text {
  if (problem.reason === 'login-cookie-missing') return cookieText(problem.cookie)
  if (problem.reason === 'login-going-round') return roundText(problem.cookie)
  if (problem.reason === 'login-refused')
    return { ...refusalText(problem.error), title: 'Signing in was refused' }
  return plain[problem.reason]
}

/** The sign-in works, and nobody believes it: something between browser and gateway is in the way. */
function roundText(cookie: CookieFacts): Text {
  return {
    status: 400,
    title: 'You are signed in, but it does not last',
    detail: 'You have just signed in more than once, and every time you came back as if you had not.',
    ...causesText(cookie, 'Tell whoever runs this site, with the request number below.'),
  }
}

function cookieText(cookie: CookieFacts): Text {
  return {
    status: 400,
    title: 'Your browser did not bring the sign-in back',
    detail: 'The cookie that belongs to this sign-in is missing, so it could not be finished.',
    ...causesText(cookie, 'Allow cookies for this site, then try again.'),
  }
}

function causesText(cookie: CookieFacts, advice: string): Pick<Text, 'body' | 'operator'> {
  const causes = cookieCauses(cookie).map((cause) => causeTexts[cause](cookie))
  return {
    body: html`<h2>Most likely</h2>${nameList(causes.slice(0, 1))}<p class="quiet">${advice}</p>`,
    ...(causes.length > 1 && {
      operator: html`<p class="quiet">Also possible:</p>${nameList(causes.slice(1))}`,
    }),
  }
}
