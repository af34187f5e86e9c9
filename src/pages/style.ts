import { createHash } from 'node:crypto'

/** The whole look of our pages: one column, readable on a phone, light and dark as the system asks. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f4f3ef; --sheet: #fff; --ink: #1b2226; --quiet: #5a666d; --line: #e2e0d9;
  --accent: #17594f; --on-accent: #fff; --code: #f1f0eb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101416; --sheet: #181d20; --ink: #e8ecee; --quiet: #9aa7ae; --line: #2a3136;
    --accent: #8fd3c3; --on-accent: #0d2420; --code: #22292d;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; min-height: 100vh; padding: 1.25rem; display: flex; align-items: center; justify-content: center;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main {
  width: 100%; max-width: 34rem; padding: 2.25rem; background: var(--sheet);
  border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 1px 2px rgb(0 0 0 / 4%), 0 8px 32px rgb(0 0 0 / 5%);
}
.mark { display: block; width: 30px; height: 36px; margin-bottom: 1.4rem; color: var(--accent) }
h1 { margin: 0 0 .6rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.012em; font-weight: 650; text-wrap: balance }
h2 { margin: 1.5rem 0 .5rem; font-size: .8125rem; font-weight: 600; color: var(--quiet) }
p { margin: 0 0 .9rem; text-wrap: pretty }
ul { margin: 0 0 .9rem; padding-left: 1.15rem }
li { margin: .3rem 0 }
li::marker { color: var(--quiet) }
code {
  padding: .12em .38em; border-radius: 5px; background: var(--code); overflow-wrap: anywhere;
  font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
a:not(.button) { color: var(--accent) }
bdi { overflow-wrap: anywhere; font-weight: 600 }
.quiet { color: var(--quiet); font-size: .9375rem }
.quiet a { color: inherit }
.action { margin: 1.6rem 0 0 }
.action p { margin: .9rem 0 0 }
.button {
  display: inline-block; padding: .68rem 1.3rem; border: 0; border-radius: 9px; cursor: pointer;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-decoration: none;
}
.button:hover { filter: brightness(1.08) }
.button:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 9px }
details { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .9375rem }
summary { cursor: pointer; color: var(--quiet) }
details ul, details p { margin: .7rem 0 0 }
footer { margin-top: 1.9rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .8125rem }
footer code { margin-left: .2rem }
@media (max-width: 30rem) {
  body { align-items: flex-start; padding: .75rem }
  main { padding: 1.5rem 1.35rem }
  .button { display: block; width: 100%; text-align: center }
}
`

/** The CSP source that allows this style and no other; computed once. */
export const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`
