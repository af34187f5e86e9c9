import type { SnippetFacts } from './facts.ts'

/** The parts of haproxy.cfg, for HAProxy 2.6 and later. */
export function haproxySnippet({ prefix, address, service }: SnippetFacts): string {
  return `# haproxy.cfg. The check itself is a Lua file:
#   postern print haproxy-lua > /etc/haproxy/postern.lua

global
  lua-load-per-thread /etc/haproxy/postern.lua
  tune.bufsize 65536                                # a session may fill several cookies

# These lines belong into each frontend that Postern guards, before others that look at the request.
frontend guarded
  mode http
  bind :443 ssl crt /etc/haproxy/site.pem

  # Only WebSockets: what goes through any other tunnel, such as h2c, would be unchecked.
  # And a Connection header could name what is to be left out further on.
  acl postern_websocket req.hdr(Upgrade) -i websocket
  http-request set-var(txn.postern_websocket) bool(true) if postern_websocket
  acl postern_tunnel var(txn.postern_websocket) -m bool
  http-request del-header Connection
  http-request del-header Upgrade
  http-request set-header Connection Upgrade if postern_tunnel
  http-request set-header Upgrade websocket if postern_tunnel

  # Set here in each request, so that nobody else can. Many services read "_" as "-".
  http-request del-header _ -m sub
  http-request del-header X-Original- -m beg
  http-request del-header X-Auth-Request-Redirect
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Method %[method]
  http-request set-header X-Forwarded-Uri %[pathq]  # as it was sent: decoded it could be read as another path

  # The check is not for browsers: its answers carry tokens.
  http-request deny deny_status 404 if { path,url_dec -i -m beg ${prefix}/auth }
  acl postern_own path -m beg ${prefix}/
  http-request lua.postern_check if !postern_own
  # Whatever went wrong in it, the request does not pass.
  acl postern_allowed var(txn.postern_allowed) -m bool
  http-request deny deny_status 503 if !postern_own !postern_allowed
  http-after-response add-header Set-Cookie %[var(txn.postern_cookie)] if { var(txn.postern_cookie) -m found }

  use_backend postern if postern_own
  default_backend service

# Postern's own endpoints: sign-in, callback, sign-out.
backend postern
  mode http
  server postern ${address}

backend service
  mode http
  server service ${withoutScheme(service)}
`
}

/** The Lua file that haproxy.cfg loads: one action, which asks and does what the answer says. */
export function haproxyLua({ prefix, address, headers }: SnippetFacts): string {
  return `-- /etc/haproxy/postern.lua: asks Postern whether a request may pass. See "postern print haproxy".

-- Page views without a session are answered with the redirect to the sign-in.
local check = "http://${address}${prefix}/auth?mode=redirect"
local timeout_ms = 10000

-- The answer's headers that the service gets, over whatever the client sent under these names.
local copied = { ${headers.map((header) => `"${header.toLowerCase()}"`).join(', ')} }

-- What belongs to one message or connection; a check has no body.
local own = {}
for name in ([[host connection upgrade keep-alive te trailer transfer-encoding content-length expect
    proxy-connection proxy-authorization proxy-authenticate date]]):gmatch("%S+") do
  own[name] = true
end

-- What Postern says to the client; anything else is a failure.
local refusals = { [302] = true, [400] = true, [401] = true, [403] = true }

-- HAProxy counts the values of a header from 0.
local function without_own(received)
  local kept = {}
  for name, values in pairs(received) do
    if not own[name] then
      kept[name] = {}
      for index = 0, #values do table.insert(kept[name], values[index]) end
    end
  end
  return kept
end

local function first(headers, name)
  return headers[name] and headers[name][0] or ""
end

core.register_action("postern_check", { "http-req" }, function(txn)
  local answer = core.httpclient():get{
    url = check, headers = without_own(txn.http:req_get_headers()), timeout = timeout_ms
  }
  if answer.status == 200 or answer.status == 202 then
    for _, name in ipairs(copied) do
      txn.http:req_del_header(name)
      local value = first(answer.headers, name)
      if value ~= "" then txn.http:req_add_header(name, value) end
    end
    local cookie = first(answer.headers, "set-cookie")
    if cookie ~= "" then txn:set_var("txn.postern_cookie", cookie) end
    txn:set_var("txn.postern_allowed", true)
  elseif refusals[answer.status] then
    txn:done(txn:reply{
      status = answer.status, headers = without_own(answer.headers), body = answer.body
    })
  end
end)
`
}

/** HAProxy has servers, not addresses of the web. */
function withoutScheme(service: string): string {
  const { protocol, hostname, port } = new URL(service)
  const isEncrypted = protocol === 'https:'
  const address = `${hostname}:${port || (isEncrypted ? 443 : 80)}`
  return isEncrypted ? `${address} ssl verify required ca-file @system-ca sni str(${hostname})` : address
}
