import { html } from './html.ts'
import { layout, type Page, type PageFacts } from './layout.ts'

/** Asks before signing out, because the request did not come from a page of this site. */
export function signOutPage(facts: PageFacts & Readonly<{ who?: string }>): Page {
  return layout(facts, {
    status: 200,
    title: 'Sign out?',
    detail: 'You will be signed out of this site and, where possible, of the identity provider.',
    ...(facts.who !== undefined && { body: html`<p>You are signed in as <bdi>${facts.who}</bdi>.</p>` }),
    action: html`<form method="post" action="${facts.prefix}/sign_out"><button class="button">Sign out</button></form>`,
    hasForm: true,
  })
}
