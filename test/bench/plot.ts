/** Draws lines over time as an SVG picture. */

export type Line = Readonly<{
  name: string
  colour: string
  points: readonly (readonly [x: number, y: number])[]
}>

/** One set of axes; `marks` are places on the x axis, shown as thin lines. */
export type Panel = Readonly<{
  title: string
  unit: string
  lines: readonly Line[]
  marks: readonly number[]
}>

const size = { width: 960, height: 260, left: 60, right: 20, top: 34, bottom: 30 }

/** Draws panels one below the other; x is in minutes, and y begins at 0. */
export function drawPanels(panels: readonly Panel[], title: string): string {
  const height = panels.length * size.height + 40
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${size.width}" height="${height}" fill="white"/>`,
    `<text x="${size.left}" y="24" font-size="16">${escaped(title)}</text>`,
    ...panels.map(
      (panel, index) => `<g transform="translate(0 ${40 + index * size.height})">${drawPanel(panel)}</g>`,
    ),
    '</svg>\n',
  ].join('\n')
}

function drawPanel({ title, unit, lines, marks }: Panel): string {
  const all = lines.flatMap(({ points }) => points)
  const toX = scale(Math.max(1, ...all.map(([x]) => x)), size.left, size.width - size.right)
  const highest = niceTop(Math.max(1, ...all.map(([, y]) => y)))
  const toY = scale(highest, size.height - size.bottom, size.top)
  const end = Math.max(1, ...all.map(([x]) => x))
  return [
    `<text x="${size.left}" y="16" font-weight="bold">${escaped(title)}</text>`,
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      `<line x1="${size.left}" x2="${size.width - size.right}" y1="${toY(share * highest)}" y2="${toY(share * highest)}" stroke="#ddd"/>`,
      `<text x="${size.left - 6}" y="${toY(share * highest) + 4}" text-anchor="end">${share * highest}</text>`,
      `<text x="${toX(share * end)}" y="${size.height - 10}" text-anchor="middle">${(share * end).toFixed(0)} min</text>`,
    ]),
    ...marks.map(
      (x) =>
        `<line x1="${toX(x)}" x2="${toX(x)}" y1="${size.top}" y2="${size.height - size.bottom}" stroke="#bbb" stroke-dasharray="2 3"/>`,
    ),
    ...lines.map(
      ({ colour, points }) =>
        `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.map(([x, y]) => `${toX(x)},${toY(y)}`).join(' ')}"/>`,
    ),
    ...lines.map(
      ({ name, colour }, index) =>
        `<text x="${size.left + 260 + index * 160}" y="16" fill="${colour}">${escaped(name)}, ${escaped(unit)}</text>`,
    ),
  ].join('\n')
}

function scale(highest: number, from: number, to: number): (value: number) => number {
  return (value) => Math.round((from + (value / highest) * (to - from)) * 10) / 10
}

/** The next of 1, 2, 4 and 8 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 4, 8].find((factor) => factor * power >= value) ?? 10) * power
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
