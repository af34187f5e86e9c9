import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { createMetrics } from '../../src/metrics/metrics.ts'

type Target = Readonly<{ refId: string; expr: string; legendFormat: string }>
type Panel = Readonly<{
  id: number
  type: string
  title: string
  gridPos: Readonly<{ x: number; y: number; w: number; h: number }>
  targets?: readonly Target[]
}>
type Dashboard = Readonly<{
  title: string
  uid: string
  schemaVersion: number
  templating: Readonly<{ list: readonly Readonly<{ name: string; type: string; definition?: string }>[] }>
  panels: readonly Panel[]
}>
type Alert = Readonly<{
  alert: string
  expr: string
  labels: object
  annotations: Readonly<Record<string, string>>
}>

const published = (name: string) => readFileSync(join('config', name), 'utf8')
const dashboard: Dashboard = JSON.parse(published('grafana-dashboard.json'))
const { groups } = parse(published('prometheus-alerts.yaml')) as {
  groups: readonly Readonly<{ name: string; rules: readonly Alert[] }>[]
}
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? [])
const alerts = groups.flatMap(({ rules }) => rules)

/** The labels that Prometheus adds to everything it scrapes. */
const scraped = ['job', 'instance']

/** What a process shows, with the labels of each: those of Node.js as they are, ours as they are declared. */
async function shown(): Promise<Map<string, ReadonlySet<string>>> {
  const { describe, exposition } = createMetrics({ now: () => 0 })
  const text = await exposition.text()
  const names = new Map<string, ReadonlySet<string>>([['up', new Set(scraped)]])
  for (const { name, type, labelNames } of describe()) {
    t.match(text, `# TYPE ${name} ${type}\n`, name)
    const labels = new Set([...labelNames, ...scraped])
    names.set(name, labels)
    if (type !== 'histogram') continue
    names.set(`${name}_bucket`, new Set([...labels, 'le']))
    names.set(`${name}_count`, labels)
    names.set(`${name}_sum`, labels)
  }
  return names
}

/** The metrics of an expression, each with the labels that it is selected by. */
function selectorsOf(expr: string): readonly Readonly<{ name: string; labels: readonly string[] }>[] {
  return [...expr.matchAll(/\b(up\b|(?:postern|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name, inside]) => ({
      name: name as string,
      labels: [...(inside ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label as string),
    }),
  )
}

function groupingOf(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, inside = '']) => inside.split(/,\s*/))
}

t.test('every metric and label of the dashboard and the alerts exists', async (t) => {
  const names = await shown()
  for (const { expr } of [...targets, ...alerts]) {
    const selectors = selectorsOf(expr)
    t.ok(selectors.length > 0, expr)
    for (const { name, labels } of selectors) {
      t.ok(names.has(name), `${name} exists`)
      const known = names.get(name) ?? new Set()
      const unknown = [...labels, ...groupingOf(expr)].filter((label) => !known.has(label))
      t.strictSame(unknown, [], `${name} has its labels: ${expr}`)
    }
  }
})

t.test('the legend of a panel names labels that its expression keeps', async (t) => {
  for (const { expr, legendFormat } of targets) {
    const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label as string)
    const kept = groupingOf(expr).length > 0 ? groupingOf(expr) : scraped
    t.strictSame(
      named.filter((label) => !kept.includes(label)),
      [],
      expr,
    )
  }
})

t.test('every metric of ours is drawn, or named in an alert', async (t) => {
  const used = [...targets, ...alerts].flatMap(({ expr }) => selectorsOf(expr)).map(({ name }) => name)
  const ours = createMetrics({ now: () => 0 })
    .describe()
    .filter(({ name }) => name.startsWith('postern_'))
  t.ok(ours.length > 15)
  for (const { name } of ours)
    t.ok(
      used.some((other) => other === name || other === `${name}_bucket`),
      name,
    )
})

t.test('the dashboard is one that Grafana reads', async (t) => {
  t.match(dashboard, { title: 'Postern', uid: 'postern', schemaVersion: Number })
  t.strictSame(
    dashboard.templating.list.map(({ name, type }) => [name, type]),
    [
      ['datasource', 'datasource'],
      ['job', 'query'],
      ['instance', 'query'],
    ],
  )
  const ids = dashboard.panels.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  const taken = new Set<string>()
  for (const { type, title, gridPos, targets: shownHere = [] } of dashboard.panels) {
    t.ok(title.length > 0)
    t.ok(['row', 'timeseries', 'stat'].includes(type), title)
    t.equal(shownHere.length > 0, type !== 'row', title)
    t.equal(new Set(shownHere.map(({ refId }) => refId)).size, shownHere.length, title)
    for (const { expr } of shownHere) {
      t.match(expr, /\{job=~"\$job",instance=~"\$instance"/, title)
      t.notMatch(expr, /\[\d+[smhd]/, `${title}: the interval is the viewer's`)
    }
    const { x, y, w, h } = gridPos
    t.ok(x >= 0 && x + w <= 24, title)
    for (let column = x; column < x + w; column += 1) {
      for (let line = y; line < y + h; line += 1) {
        if (taken.has(`${column},${line}`)) t.fail(`${title} lies on another panel`)
        taken.add(`${column},${line}`)
      }
    }
  }
})

t.test('each alert says how bad it is and what it means', async (t) => {
  t.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length)
  for (const { alert, labels, annotations } of alerts) {
    t.match(labels, { severity: /^(?:page|ticket)$/ }, alert)
    t.match(annotations, { summary: /\w/, description: /\.$/ }, alert)
  }
})
