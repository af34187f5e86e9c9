import { html } from './html.ts'
import { layout, type Page, type PageFacts, startUrl } from './layout.ts'

/** 401: a form came without a session. A login could not bring it back, so it is to be signed in beside it. */
export function signInFirstPage(facts: PageFacts): Page {
  return layout(facts, {
    status: 401,
    title: 'Sign in to send this',
    detail: 'You are not signed in, or no longer, so what you sent was not passed on.',
    body: 'Sign in in a new tab, then come back and reload this page: your browser still has what you entered.',
    action: html`<a class="button" target="_blank" href="${startUrl(facts.prefix)}">Sign in</a>`,
  })
}
