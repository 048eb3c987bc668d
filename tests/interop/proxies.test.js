// WebSockets, events and CGI through the web servers people put in front.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, test} from 'node:test';

import EventSource from 'eventsource';

import {ws} from './clients/node.js';
import {inFront, missingProxy, proxies} from './proxies.js';
import {serve} from './server.js';

const long = {timeout: 60_000};

/** The options that name a new one. */
function certificate(t) {
  const folder = mkdtempSync(join(tmpdir(), 'wsinetd-certificate-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', key,
    '-out', file], {stdio: 'ignore'});
  return ['--tls-cert', file, '--tls-key', key];
}

for (const name of Object.keys(proxies))
  describe(`behind ${name}`, {skip: missingProxy(name)}, () => {
    const served = async (t, command, options = []) => {
      const port = await inFront(t, name, (await serve(t, options, command)).port);
      return {port, url: `ws://localhost:${port}/`};
    };

    test('messages of every size pass both ways', long, async (t) => {
      const client = await ws((await served(t, ['cat'])).url);
      for (const text of ['hello', '', 'aé€😀z', 'x'.repeat(1_000_000)]) {
        client.send(text);
        assert.equal(await client.next(), text);
      }
      client.close(4321, '');
      assert.equal((await client.closed).code, 4321);
    });

    test('the exit status arrives as the close code', long, async (t) => {
      const client = await ws((await served(t, ['sh', '-c', 'echo bye; exit 3'])).url);
      assert.equal(await client.next(), 'bye');
      assert.deepEqual(await client.closed, {code: 4003, reason: 'exit status 3'});
    });

    test('a page of the same name may connect, one of another may not', long, async (t) => {
      const {port, url} = await served(t, ['echo', 'hello']);
      const own = await ws(url, {origin: `http://localhost:${port}`});
      assert.equal(await own.next(), 'hello');
      await assert.rejects(ws(url, {origin: 'http://evil.example'}), /403/);
    });

    test('events come one by one, as they are printed', long, async (t) => {
      const {port} = await served(t, ['sh', '-c', 'echo one; sleep 1000']);
      const source = new EventSource(`http://localhost:${port}/`);
      const event = await new Promise((resolve) => { source.onmessage = resolve; });
      source.close();
      assert.equal(event.data, 'one');
    });
  
    // The client's address is one of loopback that nobody else has: what it says of itself is another.
    const forged = {'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9'};
    const from = async (url, headers) => {
      const client = await ws(url, {headers, localAddress: '127.0.0.77'});
      return client.next();
    };
    const tell = ['sh', '-c', 'echo "$REMOTE_ADDR"'];

    test('the address is the client\'s where the proxy is trusted, whatever the client says', long, async (t) => {
      const {url} = await served(t, tell, ['--trusted-proxy', '127.0.0.1']);
      const named = url.replace('localhost', '127.0.0.1');
      assert.equal(await from(named, {}), '127.0.0.77');
      assert.equal(await from(named, forged), '127.0.0.77');
    });

    test('the address is the proxy\'s where it is not', long, async (t) => {
      const {url} = await served(t, tell, ['--trusted-proxy', '192.0.2.1']);
      const named = url.replace('localhost', '127.0.0.1');
      assert.equal(await from(named, forged), '127.0.0.1');
    });

    test('a Forwarded of the client\'s own does not get through', long, async (t) => {
      const {url} = await served(t, tell, ['--trusted-proxy', '127.0.0.1']);
      const named = url.replace('localhost', '127.0.0.1');
      await assert.rejects(from(named, {Forwarded: 'for=203.0.113.9'}), /400/);
    });

    if (name !== 'haproxy') return;
    for (const [how, greets] of [
      ['version 1', 'send-proxy'], ['version 2', 'send-proxy-v2'], ['TLS behind it', 'send-proxy-v2 ssl verify none'],
    ])
      test(`the address comes in the PROXY protocol as well: ${how}`, long, async (t) => {
        const options = ['--proxy-protocol', 'tcp', '--trusted-proxy', '127.0.0.1'];
        if (greets.includes('ssl')) options.push(...certificate(t));
        const port = await inFront(t, name, (await serve(t, options, tell)).port, greets);
        assert.equal(await from(`ws://127.0.0.1:${port}/`, forged), '127.0.0.77');
      });
  });

test('The page about proxies shows the lines that are run here', () => {
  const page = readFileSync(new URL('../../docs/behind-a-proxy.md', import.meta.url), 'utf8');
  const run = readFileSync(new URL('./proxies.js', import.meta.url), 'utf8').split('\n').map((line) => line.trim());
  // HAProxy's are written by a template, and where they listen is the tests' own.
  const apart = /^(wsinetd |listen |bind |http:\/\/localhost|option forwardfor|server one)/;
  const shown = page.match(/^ {4}.*$/gm).map((line) => line.trim().replaceAll('8080', '${backend}'));
  assert.ok(shown.length > 30);
  assert.deepEqual(shown.filter((line) => !apart.test(line) && !run.includes(line)), []);
});
