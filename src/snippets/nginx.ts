import type { SnippetFacts } from './facts.ts'

/** What to write into a `server` block of nginx (`auth_request`). */
export function nginxSnippet({ publicUrls, prefix, address, service, headers }: SnippetFacts): string {
  const forwarded = originalOrigin(publicUrls)
  return `# Into each server block that Postern guards; with a server_name, so that no request for another host ends up in it.

large_client_header_buffers 4 32k;                  # a session may fill several cookies; that of the port's default server counts

# Only WebSockets: what goes through any other tunnel, such as h2c, would be unchecked.
set $postern_upgrade "";
set $postern_connection "";
if ($http_upgrade ~* ^websocket$) {
  set $postern_upgrade websocket;
  set $postern_connection upgrade;
}

# Postern's own endpoints: sign-in, callback, sign-out.
location ${prefix}/ {
  proxy_pass http://${address};
${forwarded}
  proxy_set_header X-Forwarded-Uri "";
  proxy_set_header X-Auth-Request-Redirect "";
  proxy_buffer_size 32k;                            # several session cookies in one answer
  proxy_buffers 4 32k;
}

# The check. Not for browsers: its answer carries tokens.
location = ${prefix}/auth {
  internal;
  proxy_pass http://${address};
${forwarded}
  proxy_set_header X-Forwarded-Method $request_method;
  proxy_set_header X-Forwarded-Uri $request_uri;    # as it was sent: $uri is decoded, and could be read as another path
  proxy_set_header X-Original-Method "";            # what clients say about it
  proxy_set_header X-Original-Uri "";
  proxy_set_header X-Original-Url "";
  proxy_set_header Content-Length "";
  proxy_pass_request_body off;
  proxy_buffer_size 32k;
  proxy_buffers 4 32k;
}

# What is guarded. Every further location needs these lines as well.
location / {
  auth_request ${prefix}/auth;
  error_page 401 = @postern_sign_in;
  auth_request_set $postern_sign_in $upstream_http_x_auth_request_redirect;
  auth_request_set $postern_cookie $upstream_http_set_cookie;
  add_header Set-Cookie $postern_cookie always;     # a renewed session; other add_header lines must be repeated here

  # Overwrites whatever the client sent under these names.
${headers.map(copied).join('\n')}
${forwarded}
  proxy_http_version 1.1;
  proxy_set_header Upgrade $postern_upgrade;
  proxy_set_header Connection $postern_connection;
  proxy_pass ${service};                 # nothing behind the host: the path goes on as it was judged
}

# Page views go to the sign-in; to anything else 401 is an answer.
location @postern_sign_in {
  add_header Set-Cookie $postern_cookie always;
  if ($postern_sign_in) {
    return 302 $postern_sign_in;
  }
  return 401;                                       # with the WWW-Authenticate of the check
}
`
}

/**
 * Set by nginx in each request, so that nobody else can set them. `$host` is the host that nginx itself went by, which
 * `$http_host` need not be; only it comes without the port.
 */
function originalOrigin(publicUrls: readonly string[]): string {
  const [port = '', ...otherPorts] = new Set(publicUrls.map((url) => new URL(url).port))
  const suffix = port && `:${port}`
  const host = otherPorts.length === 0 ? `$host${suffix}` : '$host:$server_port'
  return `  proxy_set_header Host ${host};
  proxy_set_header X-Forwarded-Host ${host};
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $remote_addr;`
}

function copied(header: string): string {
  const name = header.toLowerCase().replaceAll('-', '_')
  return `  auth_request_set $auth_${name} $upstream_http_${name};
  proxy_set_header ${header} $auth_${name};`
}
