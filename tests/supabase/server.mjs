// A Supabase-compatible HTTP server on a free loopback port, for tests on a throw-away store.
// Reads one JSON line of settings from standard input, answers with one line that names the port,
// and ends when its standard input does: with the tests that started it.
import { serve } from '@hono/node-server'
import { App } from '@supabase/lite'
import { createPostgresConnection } from '@supabase/lite/postgres'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { createInterface } from 'node:readline'

// Standard output carries the port alone; what the server says goes to its log.
console.log = console.info = console.error

const lines = createInterface({ input: process.stdin })
const settings = JSON.parse(await new Promise((resolve) => lines.once('line', resolve)))
lines.on('close', () => process.exit(0))
// Later lines name the identity provider whose tokens are exchanged.
let provider = null
lines.on('line', (line) => (provider = JSON.parse(line)))

const { socket, database, secret, publishableKey, secretKey, pageRows, confirms } = settings
const connection = createPostgresConnection({
  url: `postgres://postgres@localhost/${database}`,
  postgresOptions: {
    host: socket,
    onnotice: () => {},
    // Arguments of functions arrive here as JSON text already: once more would make a string of it.
    types: {
      jsonb: {
        to: 3802,
        from: [3802],
        serialize: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
        parse: JSON.parse,
      },
    },
  },
})

// PostgREST answers with the SQLSTATE of any error; this server keeps back those it does not know.
connection.normalizeDbError = (error) => {
  const { code = '', message, detail = null, hint = null } = error
  if (!/^(Q0|P0|08|40|57|23(?!50[235]))/.test(code)) return error
  const status = /^(08|40|57)/.test(code) ? 500 : 400
  return Object.assign(new Error(JSON.stringify({ code, message, details: detail, hint })), {
    code: 'PGRST',
    detail: JSON.stringify({ status, headers: {} }),
  })
}

const configuration = {
  connection,
  auth: {
    enabled: true,
    jwt_secret: secret,
    publishable_key: publishableKey,
    secret_key: secretKey,
    email: { enable_confirmations: confirms },
  },
  api: { max_rows: pageRows },
}
const app = new App({ ...configuration, options: { server: { admin: false } } })
// The same, except that nothing stays: for tests that try out what a token may do.
const trial = new App({ ...configuration, options: { server: { admin: false, forceRollback: true } } })
// Before the migrations: it makes the auth schema and the API roles, and grants what Supabase does.
await app.ensureSystemSchema()
// At its first request this server grants everything on every table of a schema with row level
// security, as Supabase does on new tables. It shall do so now, so that the migrations take back
// what they must: later it would undo them.
await connection.exec('create table public.before (); alter table public.before enable row level security')
await connection.ensureRlsContext()
await connection.exec('drop table public.before')

// Supabase writes ISO 8601, this server PostgreSQL's own form.
const stamp = /"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00"/g

// Supabase takes the code of a sign-in by e-mail as type "email", this server as "magiclink".
async function understood(request) {
  if (new URL(request.url).pathname !== '/auth/v1/verify' || request.method !== 'POST') return request
  const text = (await request.text()).replace('"type":"email"', '"type":"magiclink"')
  const headers = new Headers(request.headers)
  headers.delete('content-length')
  return new Request(request.url, { method: 'POST', headers, body: text })
}

// Supabase exchanges the identity token of a provider that it is set up for; this server does not know
// that. Here it is checked as there, and then the person gets a session by a code that nobody sees.
async function exchanged(request) {
  const { id_token: token } = await request.json()
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`))
  let claims
  try {
    claims = (await jwtVerify(token, keys, { issuer: provider.issuer, audience: provider.clientId })).payload
  } catch (error) {
    return refusal(400, 'bad_jwt', `Bad ID token: ${error.message}`)
  }
  if (!claims.email || claims.email_verified !== true) {
    return refusal(403, 'provider_email_needs_verification', 'Unverified email with provider')
  }
  const headers = new Headers(request.headers)
  headers.delete('content-length')
  const ask = (path, body) => app.fetch(new Request(`http://127.0.0.1/auth/v1/${path}`, {
    method: 'POST', headers, body: JSON.stringify(body) }))
  let code = null
  const print = console.error
  console.log = console.info = (...words) => {
    code = words.join(' ').match(/code is: (\d+)/)?.[1] ?? code
  }
  try {
    await ask('otp', { email: claims.email, create_user: true })
  } finally {
    console.log = console.info = print
  }
  return ask('verify', { type: 'magiclink', email: claims.email, token: code })
}

function refusal(status, code, message) {
  return Response.json({ code: status, error_code: code, msg: message }, { status })
}

// A new password ends the person's other sessions at Supabase Auth; this server leaves them open.
async function withoutTheOthers(request) {
  const given = await app.fetch(request.clone())
  const { password } = await request.json()
  if (given.ok && password) {
    const { sub, session_id: own } = decodeJwt(request.headers.get('authorization').split(' ')[1])
    const text = (value) => `'${String(value).replaceAll("'", "''")}'`
    await connection.exec(`delete from auth.sessions where user_id = ${text(sub)} and id::text <> ${text(own)}`)
  }
  return given
}

async function answer(asked) {
  const { pathname, searchParams } = new URL(asked.url)
  if (pathname === '/auth/v1/token' && searchParams.get('grant_type') === 'id_token' && provider) {
    return mended(await exchanged(asked), pathname)
  }
  if (pathname === '/auth/v1/user' && asked.method === 'PUT') {
    return mended(await withoutTheOthers(asked), pathname)
  }
  const request = await understood(asked)
  return mended(await (request.headers.has('x-roll-back') ? trial : app).fetch(request), pathname)
}

async function mended(given, pathname) {
  if (!pathname.startsWith('/auth/')) return given
  const text = (await given.text()).replace(stamp, '"$1T$2+00:00"')
  const headers = new Headers(given.headers)
  headers.delete('content-length')
  return new Response([204, 304].includes(given.status) ? null : text, { status: given.status, headers })
}

serve({ hostname: '127.0.0.1', port: 0, fetch: answer }, ({ port }) => {
  process.stdout.write(`${JSON.stringify({ port })}\n`)
})
