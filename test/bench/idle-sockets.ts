/**
 * Opens many WebSockets and keeps them, a process of its own because of its file descriptors. Arguments: the URL, the Cookie
 * header, how many. They come from several loopback addresses, so that ports last. Tells its parent when all are open.
 */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

const [url = '', cookie = '', count = '0'] = process.argv.slice(2)
const { hostname, port, host, pathname, origin } = new URL(url)
const atATime = 50
const perAddress = 2_500
let begun = 0
let opened = 0

process.on('disconnect', () => process.exit())
for (let index = 0; index < atATime; index++) openNext()

function openNext(): void {
  const number = begun++
  if (number >= Number(count)) return
  const localAddress = `127.0.0.${2 + Math.floor(number / perAddress)}`
  const socket = connect({ host: hostname, port: Number(port), localAddress }, () =>
    socket.write(handshake()),
  )
  socket.once('data', (data) => {
    if (!data.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(data.toString('latin1'))
    opened++
    if (opened === Number(count)) process.send?.({ opened })
    openNext()
  })
  socket.once('close', () => {
    throw new Error(`WebSocket ${number} was closed`)
  })
}

function handshake(): string {
  return [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    `Origin: ${origin}`,
    `Cookie: ${cookie}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n')
}
