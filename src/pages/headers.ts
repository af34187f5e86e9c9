import type { Page } from './layout.ts'
import { styleSource } from './style.ts'

const always = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
} as const

const policy = `default-src 'none'; style-src ${styleSource}; img-src data:; base-uri 'none'; frame-ancestors 'none'`

const plainPage = Object.freeze({
  ...always,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `${policy}; form-action 'none'`,
  'referrer-policy': 'no-referrer',
})

const formPage = Object.freeze({
  ...plainPage,
  // Browsers hold a form's redirects to form-action too, and signing out leads through hosts only the provider knows.
  'content-security-policy': policy,
  // Under no-referrer a browser sends `Origin: null` with the form, and our own origin check would refuse it.
  'referrer-policy': 'same-origin',
})

/** The headers of an answer of ours without a page, such as a redirect. */
export const bareHeaders: Readonly<Record<string, string>> = Object.freeze({
  ...always,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
})

/** The headers of a JSON answer of ours. */
export const jsonHeaders: Readonly<Record<string, string>> = Object.freeze({
  ...bareHeaders,
  'content-type': 'application/json; charset=utf-8',
})

/** The headers of a problem document (RFC 9457). */
export const problemHeaders: Readonly<Record<string, string>> = Object.freeze({
  ...bareHeaders,
  'content-type': 'application/problem+json; charset=utf-8',
})

/** The headers of a page of ours. */
export function pageHeaders(page: Pick<Page, 'hasForm'>): Readonly<Record<string, string>> {
  return page.hasForm ? formPage : plainPage
}
