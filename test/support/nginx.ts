import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { freePort } from './free-port.ts'
import { hasTool } from './optional-tool.ts'
import { temporaryFolder } from './temporary.ts'

export const hasNginx = hasTool('/usr/sbin/nginx') && hasTool('openssl')
export const hasOpenssl = hasTool('openssl')

const servers: ChildProcess[] = []
afterAll(() => {
  for (const server of servers.splice(0)) server.kill()
})

export interface Certificate {
  /** PEM files; the certificate is its own authority. */
  readonly cert: string
  readonly key: string
}

/** A certificate for 127.0.0.1 and localhost that nobody else has signed. */
export function makeCertificate(): Certificate {
  const folder = temporaryFolder()
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost'
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
  ]
  execFileSync(
    'openssl',
    [...words, '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=test', '-addext', names],
    {
      stdio: 'ignore',
    },
  )
  return { cert, key }
}

/** nginx with TLS in front of another server; returns its origin. The configuration is that of docs/protocol/http.md. */
export async function startNginx(target: string, { cert, key }: Certificate): Promise<string> {
  const folder = temporaryFolder()
  const port = await freePort()
  for (const name of ['body', 'proxy']) mkdirSync(join(folder, name))
  const config = `
    daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
    events { worker_connections 256; }
    http {
      access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${cert}; ssl_certificate_key ${key};
        client_max_body_size 0;
        location / {
          proxy_pass ${target};
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_request_buffering off;
          proxy_buffering off;
          proxy_read_timeout 1h;
        }
      }
    }`
  writeFileSync(join(folder, 'nginx.conf'), config)
  const server = spawn(
    '/usr/sbin/nginx',
    ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  servers.push(server)
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isListening(port)) return `https://127.0.0.1:${port}`
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('nginx does not listen')
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
