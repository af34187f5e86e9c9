import t from 'tap'
import { type Row, testRows } from './support.ts'

const server = (keys: string) => ({ server: `server: { ${keys} }` })
const upstream = (url: string, rest: Row[1] = {}) => ({
  upstreams: `upstreams: { web: { url: "${url}" } }`,
  ...rest,
})
const trusting = (...networks: string[]) =>
  server(`public_url: https://app.example.com, trusted_proxies: ["${networks.join('", "')}"]`)

const local = 'public_url: http://localhost:4180'
const anywhere =
  'postern.yaml:1:9  warning  server.listen  is every address of this machine by default, though "public_url" is for this machine alone; write "listen: 127.0.0.1:4180"'
const wide = (column: number, index: number) =>
  `postern.yaml:1:${column}  warning  server.trusted_proxies[${index}]  is a network that anybody may be in, and everybody in it may say who the client is and which host was asked for; name the addresses of your proxies`

t.test('listener', async (t) =>
  testRows(t, [
    ['what is for this machine alone listens everywhere by default', server(local), [anywhere]],
    ['not when an address is written, be it every one', server(`${local}, listen: 0.0.0.0:4180`), []],
    [
      'nor when some browsers are elsewhere',
      server('public_url: [http://localhost:4180, https://app.example.com]'),
      [],
    ],
  ]),
)

t.test('trusted proxies', async (t) =>
  testRows(t, [
    ['the whole world is too much', trusting('0.0.0.0/0', '::/0'), [wide(66, 0), wide(79, 1)]],
    [
      'so is half of it, and what only begins inside',
      trusting('128.0.0.0/1', '10.0.0.0/7', 'fd00::/6', '2000::/3', '100.64.0.0/9'),
      [66, 81, 95, 107, 119].map(wide),
    ],
    [
      'networks of one owner, private ones and addresses are good',
      trusting(
        ...['10.0.0.0/8', '100.64.0.0/10', 'fd00::/8', 'fc00::/7', '127.0.0.0/8', '104.16.0.0/13'],
        ...['192.0.2.1', '2001:db8::1', '2400:cb00::/32'],
      ),
      [],
    ],
  ]),
)

const at = (url: string, message: string, rest: Row[1] = {}): Row => [
  url,
  upstream(url, rest),
  [`postern.yaml:5:26  warning  upstreams.web.url  ${message}`],
]
const good = (url: string, rest: Row[1] = {}): Row => [`${url} is good`, upstream(url, rest), []]

const itself = 'is Postern itself, to which requests would come round; write where the service listens'
const exposed =
  'is not encrypted, though its host is not one of a private network: whoever is on the way can read tokens and answers; write https://'
const credentials =
  'is where a cloud tells a machine its credentials, and routes would hand them out; write where the service listens'
const on = (listen: string) => server(`public_url: https://app.example.com, listen: "${listen}"`)

t.test('upstreams', async (t) =>
  testRows(t, [
    at('http://127.0.0.1:4180', itself),
    at('http://localhost:4181', itself),
    at('http://[::1]:4180', itself, on('[::]:4180')),
    at('http://127.0.0.1', itself, on('127.0.0.1:80')),
    at('https://10.0.0.1', itself, on('10.0.0.1:443')),
    at('http://localhost:4180', itself, on('127.0.0.1:4180')),
    at('https://app.example.com', itself),
    at('unix:/run/postern.sock', itself, on('unix:/run/postern.sock')),
    good('unix:/run/app.sock', on('unix:/run/postern.sock')),
    good('unix:/run/app.sock'),
    good('http://127.0.0.1:8080', on('unix:/run/postern.sock')),
    good('http://127.0.0.1:4180', on('10.0.0.1:4180')),
    good('http://app:4180'),
    at('http://169.254.169.254', credentials),
    at('http://metadata.google.internal/computeMetadata', credentials),
    at('https://[fd00:ec2::254]', credentials),
    at('http://orders.example.com', exposed),
    at('http://8.8.8.8:8080', exposed),
    at('http://[2001:4860::1]', exposed),
    at('http://example.io', exposed),
    at('http://api.example.de', exposed),
    ...[
      ...[
        'orders',
        'orders.dev',
        'orders.qa',
        'db-0.orders.shop',
        'orders.shop.svc.cluster.local',
        'orders.internal',
      ],
      ...[
        'host.docker.internal',
        'orders.corp.example.com',
        'internal-lb-1.elb.amazonaws.com',
        'nas.home.arpa',
      ],
      ...['10.1.2.3', '192.168.0.1', '[fd00::1]', '[::ffff:10.0.0.1]'],
    ].map((host) => good(`http://${host}:8080`)),
    good('https://orders.example.com'),
  ]),
)
