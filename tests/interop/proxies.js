// Web servers people put in front, each with the few lines its own documents give for WebSockets.
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, connect} from 'node:net';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';

const modules = '/usr/lib/apache2/modules';

/**
 * Each makes the command line that serves `port` in the foreground and passes everything on to `backend`. All say where
 * a client comes from in X-Forwarded-For; HAProxy with `greets`, its words for that, in the PROXY protocol instead.
 */
export const proxies = {
  nginx: (folder, port, backend) => {
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, `
      daemon off; pid ${folder}/pid; error_log stderr; worker_processes 1;
      events { worker_connections 64; }
      http {
        access_log off;
        client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
        map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://127.0.0.1:${backend};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host "";
            proxy_set_header X-Forwarded-Port "";
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_buffering off;
          }
        }
      }`);
    return ['nginx', '-p', folder, '-c', file];
  },
  haproxy: (folder, port, backend, greets = '') => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 1h
frontend all
  bind 127.0.0.1:${port}
  default_backend wsinetd
backend wsinetd
  ${greets ? '' : 'option forwardfor'}
  http-request set-header X-Forwarded-Proto http
  http-request del-header X-Forwarded-Host
  http-request del-header X-Forwarded-Port
  server one 127.0.0.1:${backend} ${greets}
`);
    return ['haproxy', '-db', '-f', file];
  },
  caddy: (folder, port, backend) => {
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, `{
  admin off
  auto_https off
  storage file_system ${folder}/storage
}
http://127.0.0.1:${port}, http://localhost:${port} {
  reverse_proxy 127.0.0.1:${backend}
}
`);
    return ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'];
  },
  apache2: (folder, port, backend) => {
    const file = join(folder, 'apache2.conf');
    writeFileSync(file, `
ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
${userInfo().uid === 0 ? 'User nobody\nGroup nogroup' : ''}
LoadModule mpm_event_module ${modules}/mod_mpm_event.so
LoadModule authz_core_module ${modules}/mod_authz_core.so
LoadModule proxy_module ${modules}/mod_proxy.so
LoadModule proxy_http_module ${modules}/mod_proxy_http.so
LoadModule proxy_wstunnel_module ${modules}/mod_proxy_wstunnel.so
LoadModule rewrite_module ${modules}/mod_rewrite.so
ProxyPreserveHost On
RewriteEngine On
RewriteCond %{HTTP:Upgrade} =websocket [NC]
RewriteRule /(.*) ws://127.0.0.1:${backend}/$1 [P,L]
ProxyPass / http://127.0.0.1:${backend}/ flushpackets=on
`);
    return ['apache2', '-X', '-f', file];
  },
};

/** Why it cannot run here; undefined where it can. */
export function missingProxy(name) {
  const version = name === 'caddy' ? 'version' : '-v';
  const found = spawnSync(name, [version], {encoding: 'utf8', env: {...process.env, PATH: `${process.env.PATH}:/usr/sbin`}});
  return found.status === 0 ? undefined : `${name} is not installed`;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs it in front of `backend` until the test ends; gives its port once it accepts. */
export async function inFront(t, name, backend, greets = '') {
  const folder = mkdtempSync(join(tmpdir(), `wsinetd-${name}-`));
  const port = await freePort();
  const [program, ...words] = proxies[name](folder, port, backend, greets);
  const child = spawn(program, words, {stdio: ['ignore', 'ignore', 'pipe'], cwd: folder,
    env: {...process.env, HOME: folder, PATH: `${process.env.PATH}:/usr/sbin`}});
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { log += text; });
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill();
      await once(child, 'exit');
    }
    rmSync(folder, {recursive: true, force: true});
  });
  for (const end = Date.now() + 20000; Date.now() < end && child.exitCode === null;) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise((resolve) => socket.on('connect', () => resolve(true)).on('error', () => resolve(false)));
    socket.destroy();
    if (open) return port;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} does not serve:\n${log}`);
}
