import { type AuthorizationWish, wishQuery } from '../core/authorization-wish.ts'
import { type Html, html, markupOf, type Part, trusted } from './html.ts'
import { style } from './style.ts'

/** What every page needs to know. */
export type PageFacts = Readonly<{
  /** Shown to the person, and in the log line of the same request. */
  requestId: string
  /** Where our own endpoints live, e.g. `/oauth2`. */
  prefix: string
}>

/** A finished page; `title` and `detail` are plain text, for the JSON twin. */
export type Page = Readonly<{ status: number; title: string; detail: string; html: string; hasForm: boolean }>

/** What a page says. */
type Content = Readonly<{
  status: number
  title: string
  /** The first sentence: what happened. */
  detail: string
  /** What to know beside it; text becomes one paragraph. */
  body?: string | Html
  /** The one thing to do next. */
  action?: Html
  /** For whoever runs the gateway; folded. */
  operator?: Html
  hasForm?: boolean
}>

const styleElement = trusted(`<style>${style}</style>`)

// A narrow arched door, ajar.
const mark = trusted(
  '<svg class="mark" viewBox="0 0 30 36" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.2" ' +
    'stroke-linecap="round" stroke-linejoin="round"><path d="M4 34V15a11 11 0 0 1 22 0v19"/>' +
    '<path d="M10 34V15.5a8 8 0 0 1 8-7.7V34"/><path d="M1.5 34h27"/><circle cx="14.7" cy="22.500" r=".6"/></svg>',
)

const icon = trusted(
  "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='-3 0 36 36' fill='none' " +
    "stroke='%232c8a79' stroke-width='3' stroke-linecap='round'%3E%3Cpath d='M4 34V15a11 11 0 0 1 22 0v19M1 34h28'/%3E%3C/svg%3E\">",
)

/** Lays a page out: what happened, what to know, one action, and the request id. */
export function layout(facts: PageFacts, content: Content): Page {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${content.title}</title>
${icon}
${styleElement}
</head>
<body>
<main>
${mark}
<h1>${content.title}</h1>
<p>${content.detail}</p>
${typeof content.body === 'string' ? html`<p>${content.body}</p>` : content.body}
${content.action && html`<div class="action">${content.action}</div>`}
${content.operator && html`<details><summary>For whoever runs this site</summary>${content.operator}</details>`}
<footer>Request <code>${facts.requestId}</code></footer>
</main>
</body>
</html>
`
  const { status, title, detail, hasForm = false } = content
  return Object.freeze({ status, title, detail, hasForm, html: markupOf(document) })
}

/** A link that looks like the thing to do. */
export function button(href: string, label: string): Html {
  return html`<a class="button" href="${href}">${label}</a>`
}

/** The address that begins a login and comes back to `returnTo`, an address of ours; `wish` is what else it asks for. */
export function startUrl(prefix: string, returnTo = '/', wish?: AuthorizationWish): string {
  return `${prefix}/start?${new URLSearchParams([['rd', returnTo], ...wishQuery(wish)])}`
}

/** Names of scopes, claims and the like, as a list. */
export function nameList(names: readonly Part[]): Html {
  return html`<ul>${names.map((name) => html`<li>${name}</li>`)}</ul>`
}
