import type { SnippetFacts } from './facts.ts'

/** What to write into a `server` block of nginx (`auth_request`). */
export function nginxSnippet({ prefix, address, service, headers }: SnippetFacts): string {
  return `# Into each server block that Postern guards.

# Postern's own endpoints: sign-in, callback, sign-out.
location ${prefix}/ {
  proxy_pass http://${address};
${forwarded}
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
  proxy_set_header Content-Length "";
  proxy_pass_request_body off;
  proxy_buffer_size 32k;
}

location / {
  auth_request ${prefix}/auth;
  error_page 401 = @postern_sign_in;
  auth_request_set $postern_sign_in $upstream_http_x_auth_request_redirect;
  auth_request_set $postern_challenge $upstream_http_www_authenticate;
  auth_request_set $postern_cookie $upstream_http_set_cookie;  # a renewed session
  add_header Set-Cookie $postern_cookie;

  # Overwrites whatever the client sent under these names.
${headers.map(copied).join('\n')}
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;           # WebSockets are checked like requests
  proxy_set_header Connection $http_connection;
  proxy_pass ${service};
}

# Page views go to the sign-in; to anything else 401 is an answer.
location @postern_sign_in {
  if ($postern_sign_in) {
    return 302 $postern_sign_in;
  }
  add_header WWW-Authenticate $postern_challenge always;
  return 401;
}
`
}

/** Set by nginx in each request, so that nobody else can set them. */
const forwarded = `  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $remote_addr;`

function copied(header: string): string {
  const name = header.toLowerCase().replaceAll('-', '_')
  const variable = `$postern_${name.replace(/^x_/, '')}`
  return `  auth_request_set ${variable} $upstream_http_${name};
  proxy_set_header ${header} ${variable};`
}
