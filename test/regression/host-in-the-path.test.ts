import t from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'

// `new URL(request.url, base)` takes `//x/admin` for the path /admin of the host x: where a rule lets empty segments
// pass, such an upstream would have served /admin to whoever may see the rule's other pages.
t.test('a path that some readers take for another host’s is judged as they read it too', async (t) => {
  const readings = (target: string) => canonicalPath(target)?.folded
  t.ok(readings('//x/admin')?.some((path) => path === '/admin'))
  t.ok(readings('///x/admin/y')?.some((path) => path === '/admin/y'))
  t.ok(readings('//admin')?.some((path) => path === '/'))
  t.ok(
    readings('/.../x/admin')?.some((path) => path === '/admin'),
    'Windows drops the dots',
  )
  t.strictSame(readings('/x/admin'), [])
})
