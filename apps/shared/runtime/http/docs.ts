import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { HttpEnv } from './http-env.ts'

/** Swagger UI puts styles and images in line. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"

/** Serves `/openapi.json` and, from files of the npm package and nothing from afar, `/docs`. */
export function serveDocs(app: OpenAPIHono<HttpEnv>, service: string): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' })
  app.doc31('/openapi.json', { openapi: '3.1.0', info: { title: service, version: '1' }, security: [{ apiKey: [] }] })
  app.get('/docs', (c) => c.html(page(service), 200, { 'content-security-policy': contentSecurityPolicy }))
  app.get('/docs/initializer.js', (c) => c.body(initializer, 200, { 'content-type': 'text/javascript' }))
  for (const [name, contentType] of assets) {
    const file = fileURLToPath(import.meta.resolve(`swagger-ui-dist/${name}`))
    app.get(`/docs/${name}`, async (c) =>
      c.body(new Uint8Array(await readFile(file)), 200, {
        'content-type': contentType,
        'cache-control': 'max-age=86400',
      }),
    )
  }
}

const assets = [
  ['swagger-ui.css', 'text/css'],
  ['swagger-ui-bundle.js', 'text/javascript'],
] as const

const initializer =
  "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, persistAuthorization: true })\n"

const page = (title: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/initializer.js"></script>
</html>
`
