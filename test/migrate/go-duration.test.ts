import t from 'tap'
import { goDuration, posternDuration } from '../../src/migrate/go-duration.ts'

t.test('durations of Go become those of Postern', async (t) => {
  const durations: [string, string | undefined][] = [
    ['168h0m0s', '7d'],
    ['1h30m', '90m'],
    ['1.5s', '1500ms'],
    ['15m', '15m'],
    ['36h', '36h'],
    ['2000us', '2ms'],
    ['3600000000000', '1h'],
    ['0', undefined],
    ['10ns', undefined],
  ]
  for (const [go, postern] of durations) t.equal(posternDuration(goDuration(go) as number), postern, go)
})

t.test('what is no duration is none', async (t) => {
  for (const text of ['', '1d', 'h', '-1h', '1h ', '1 h', 'soon', `${'1h'.repeat(5)}x`])
    t.equal(goDuration(text), undefined, text)
})
