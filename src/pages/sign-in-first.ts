import { html } from './html.ts'
import { layout, type Page, type PageFacts } from './layout.ts'

type Facts = PageFacts &
  Readonly<{
    /** The address that begins a login. */
    href: string
    /** There is a session, but it is too weak or too old. */
    isSignedIn?: boolean
  }>

/** 401: a form came without a good enough session. A login could not bring it back, so it is to be signed in beside it. */
export function signInFirstPage({ href, isSignedIn = false, ...facts }: Facts): Page {
  return layout(facts, {
    status: 401,
    title: isSignedIn ? 'Sign in once more to send this' : 'Sign in to send this',
    detail: isSignedIn
      ? 'This needs a stronger or more recent sign-in than yours, so what you sent was not passed on.'
      : 'You are not signed in, or no longer, so what you sent was not passed on.',
    body: 'Sign in in a new tab, then come back and reload this page: your browser still has what you entered.',
    action: html`<a class="button" target="_blank" href="${href}">Sign in</a>`,
  })
}
