// The program under test, a browser, and the certificate between them.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test as anyTest} from 'node:test';

import {chromium} from 'playwright-core';

export const source = new URL('../..', import.meta.url).pathname;
export const pictures = process.env.PICTURES ?? tmpdir();
const program = process.env.WSINETD ?? join(source, 'build/dev/wsinetd');
export const options = execFileSync(program, ['--help'], {encoding: 'utf8'});

const patience = 20000;

export const test = (name, run) => anyTest(name, {timeout: 3 * patience}, run);

/** Waits for what has no event of its own. */
export async function eventually(done, what) {
  for (const end = Date.now() + patience; !done();) {
    assert.ok(Date.now() < end, what());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A folder that goes with the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wsinetd-browser-'));
  t.after(() => rmSync(path, {recursive: true}));
  return path;
}

/** Options that make wsinetd speak TLS, with a certificate nobody has signed. */
export function tls(t) {
  const path = folder(t);
  const [cert, key] = [join(path, 'cert.pem'), join(path, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-out', cert, '-keyout', key],
  {stdio: 'ignore'});
  return ['--tls-cert', cert, '--tls-key', key];
}

/** A running wsinetd. `log` grows as it writes. */
export class Server {
  log = '';
  port = 0;
  scheme = 'http';
  #process;

  /** With the console, on a free port, until the test ends. `command` is a list, or a line for the shell. */
  static async start(t, command, options = []) {
    const server = new Server();
    const words = Array.isArray(command) ? command : ['sh', '-c', command];
    server.#process = spawn(program, ['--port', '0', '--dev-console', ...options, ...words], {stdio: ['ignore', 'ignore', 'pipe']});
    server.#process.stderr.setEncoding('utf8').on('data', (text) => { server.log += text; });
    t.after(() => server.stop());
    const [, scheme, port] = await server.logged(/listening on (wss?):\/\/127\.0\.0\.1:(\d+)\//);
    server.port = Number(port);
    server.scheme = scheme === 'wss' ? 'https' : 'http';
    return server;
  }

  /** On loopback, where any name that Chromium is told to map there is this server's as well. */
  url(path = '/', host = '127.0.0.1') { return `${this.scheme}://${host}:${this.port}${path}`; }
  socketUrl(path = '/', host = '127.0.0.1') { return this.url(path, host).replace(/^http/, 'ws'); }

  /** Waits until the log has it. */
  async logged(pattern) {
    await eventually(() => pattern.test(this.log) || this.#process.exitCode !== null,
      () => `no ${pattern} in the log:\n${this.log}`);
    const found = this.log.match(pattern);
    assert.ok(found, `wsinetd ended:\n${this.log}`);
    return found;
  }

  async stop() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    await closed;
    assert.equal(this.#process.exitCode, 0, this.log);
  }
}

/** A site of somebody else: one page for every path. Returns its port. */
export async function serveSite(t, html) {
  const site = createServer((request, reply) => reply.writeHead(200, {'Content-Type': 'text/html'}).end(html));
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  return site.address().port;
}

/** Debian's Chromium with a profile of its own. `names` are hosts that are to be 127.0.0.1. */
export function launchBrowser(names = []) {
  const rules = names.map((name) => `MAP ${name} 127.0.0.1`).join(',');
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Newer ones ask before a page connects to a local address. Here it is the server that must refuse.
    args: ['--disable-features=LocalNetworkAccessChecks','--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ...(rules ? [`--host-resolver-rules=${rules}`] : [])],
  });
}

/** A page in a context of its own, closed when the test ends. `page.complaints` is what the browser's log had. */
export async function openPage(t, browser, options = {}) {
  const context = await browser.newContext({ignoreHTTPSErrors: true, ...options});
  context.setDefaultTimeout(patience);
  t.after(() => context.close());
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('requestfailed', (request) => page.complaints.push(`${request.url()}: ${request.failure().errorText}`));
  return page;
}

/** The console's page, and its parts by what a user calls them. */
export class Console {
  constructor(page) { this.page = page; }

  static async open(t, browser, url, options) {
    const page = await openPage(t, browser, options);
    await page.goto(url);
    return new Console(page);
  }

  button(name) { return this.page.getByRole('button', {name, exact: true}); }
  field(name) { return this.page.getByLabel(name); }
  get url() { return this.field('URL'); }
  get text() { return this.field(/^Text/); }
  get log() { return this.page.getByRole('log', {name: 'Messages'}); }
  get state() { return this.page.getByRole('status').first(); }
  /** The whole of the entries: "12:00:00.000 received text, 5 bytes" and what it was. */
  get entries() { return this.log.locator('.entry'); }

  /** Waits for an entry that has all of these. */
  async shows(...texts) {
    let entry = this.entries;
    for (const text of texts) entry = entry.filter({hasText: text});
    await entry.first().waitFor();
  }

  /** Waits for the state. */
  async is(state) { await this.state.filter({hasText: state}).waitFor(); }

  async connect() {
    await this.button(/^(Connect|Reconnect)$/).click();
    await this.is(/^connected/);
  }

  async send(text) {
    await this.text.fill(text);
    await this.text.press('Enter');
  }

  /** What was received, oldest first. */
  received() { return this.log.locator('.received pre').allTextContents(); }

  async binary() { await this.page.getByText('Binary', {exact: true}).click(); }
}
