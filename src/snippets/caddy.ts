import type { SnippetFacts } from './facts.ts'

/** The site block of a Caddyfile (`forward_auth`), for Caddy 2.6 and later. */
export function caddySnippet({ publicUrls, prefix, address, service, headers }: SnippetFacts): string {
  const told = headers.filter((header) => header !== 'Authorization')
  return `# A site of the Caddyfile. The order inside "route" matters, and Caddy keeps it there.

${publicUrls.join(', ')} {
	# The check is not for browsers: its answers carry tokens.
	handle ${prefix}/auth* {
		respond 404
	}

	# Postern's own endpoints: sign-in, callback, sign-out.
	handle ${prefix}/* {
		reverse_proxy ${address} {
			header_up -X-Forwarded-Uri
			header_up -X-Auth-Request-Redirect
		}
	}

	handle {
		route {
			# Only WebSockets: what goes through any other tunnel, such as h2c, would be unchecked.
			# And a Connection header could name what is to be left out further on.
			@plain not header Upgrade websocket
			request_header @plain -Connection
			@websocket header Upgrade websocket
			request_header @websocket Upgrade websocket
			request_header @websocket Connection Upgrade

			# What clients send under the names that only Postern may fill. Many services read "_" as "-".
			request_header -*_*
${told.map((header) => `\t\t\trequest_header -${header}\n`).join('')}
			forward_auth ${address} {
				uri ${prefix}/auth
				header_up -X-Original-*
${told.length > 0 ? `\t\t\t\tcopy_headers ${told.join(' ')}\n` : ''}			}
${headers.includes('Authorization') ? authorization : ''}			reverse_proxy ${service}
		}
	}
}
`
}

/** The check needs what the client sent, so it cannot be taken out before. */
const authorization = `			# Not by copy_headers: where this is empty, some versions of it leave what the client sent.
			request_header Authorization {http.reverse_proxy.header.Authorization}
			@anonymous header Authorization ""
			request_header @anonymous -Authorization
`
