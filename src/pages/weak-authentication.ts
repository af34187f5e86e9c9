import { html } from './html.ts'
import { button, layout, type Page, type PageFacts } from './layout.ts'

type Facts = PageFacts &
  Readonly<{
    who: string
    /** It is not how, but when somebody signed in. */
    isTooOld: boolean
    /** The address that asks the provider once more. */
    again: string
  }>

/** 403: the provider was asked to authenticate more strongly, or anew, and did not. */
export function weakAuthenticationPage({ who, isTooOld, again, ...facts }: Facts): Page {
  return layout(facts, {
    status: 403,
    title: isTooOld ? 'You signed in too long ago for this page' : 'This page needs a stronger sign-in',
    detail: isTooOld
      ? 'This page asks for a recent sign-in, and the one that the identity provider tells of is not recent enough.'
      : 'This page asks for a stronger way of signing in than the one the identity provider used.',
    body: html`<p>You are signed in as <bdi>${who}</bdi>.</p>`,
    action: button(again, 'Sign in once more'),
    operator: html`<ul><li>The provider was asked by <code>${isTooOld ? 'max_age' : 'acr_values'}</code> of the route. Check
that it supports this, and that the ID token says so in <code>${isTooOld ? 'auth_time' : 'acr'}</code>.</li></ul>`,
  })
}
