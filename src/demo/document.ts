import { type Html, html, markupOf, type Part, trusted } from '../pages/html.ts'
import { style } from '../pages/style.ts'

const demoStyle = `
main { max-width: none }
body { display: block; max-width: 62rem; margin: 0 auto }
body.narrow { max-width: 34rem; padding-top: 12vh }
header { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: baseline; justify-content: space-between; margin: .4rem 0 1rem }
header strong { font-size: 1.05rem }
header a { color: var(--accent) }
.columns { display: grid; grid-template-columns: 17rem 1fr; gap: 1rem; align-items: start }
nav, section { background: var(--sheet); border: 1px solid var(--line); border-radius: 14px; padding: 1.1rem 1.3rem; margin-bottom: 1rem; min-width: 0 }
nav h2, section h2 { margin: 0 0 .5rem }
nav ul { list-style: none; padding: 0; margin: 0 }
nav a { display: block; padding: .28rem .6rem; margin: 0 -.6rem; border-radius: 7px; color: inherit; text-decoration: none }
nav a:hover { background: var(--code) }
nav a[aria-current] { background: var(--code); font-weight: 600 }
nav small { display: block; font-weight: 400; color: var(--quiet); line-height: 1.35 }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
th, td { padding: .35rem .8rem .35rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top }
tr:first-child > * { border-top: 0 }
th { width: 12rem; font-weight: 600; overflow-wrap: anywhere }
td, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
pre { margin: 0; white-space: pre-wrap; font-size: .875rem }
.clock { font-size: 1.6rem; font-weight: 650; font-variant-numeric: tabular-nums; color: var(--accent) }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: .7rem 0 }
input { font: inherit; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: 9px; background: var(--ground); color: inherit; min-width: 0; flex: 1 }
output { display: block; max-height: 11rem; overflow: auto; color: var(--quiet); white-space: pre-wrap; overflow-wrap: anywhere; font: .8125rem/1.5 ui-monospace, monospace }
.people { display: grid; gap: .7rem; margin-top: 1.3rem }
.plain { background: none; color: var(--accent); box-shadow: inset 0 0 0 1.5px var(--accent) }
.people .button { width: 100%; padding: .8rem 1.1rem; text-align: left; font-weight: 400; background: none; color: var(--quiet); box-shadow: inset 0 0 0 1px var(--line) }
.people .button:hover { box-shadow: inset 0 0 0 2px var(--accent) }
.people b { display: block; font-size: 1.05rem; color: var(--accent) }
@media (max-width: 48rem) { .columns { grid-template-columns: 1fr } th { width: 8rem } }
@media (max-width: 30rem) { section .button, header .button { width: auto } }
`

const styleElement = trusted(`<style>${style}${demoStyle}</style>`)

/** A page of the demo, in the look of the gateway's own pages. */
export function document(title: string, body: Part, kind: 'wide' | 'narrow' = 'wide', script?: Html): string {
  return markupOf(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
${styleElement}
</head>
<body class="${kind}">
${body}
${script}
</body>
</html>
`)
}
