import { button, layout, type Page, type PageFacts, startUrl } from './layout.ts'

/** The end of a sign-out, and the way back in. */
export function signedOutPage(facts: PageFacts & Readonly<{ returnTo?: string }>): Page {
  return layout(facts, {
    status: 200,
    title: 'You are signed out',
    detail: 'Your session on this site has ended.',
    body: 'On a shared computer, close the browser as well.',
    action: button(startUrl(facts.prefix, facts.returnTo), 'Sign in again'),
  })
}
