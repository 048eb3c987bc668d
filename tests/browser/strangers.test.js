// Who must not get in: pages of strangers, and scripts that are none of the page's own.
import assert from 'node:assert/strict';
import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe} from 'node:test';

import {Console, eventually, folder, launchBrowser, openPage, serveSite, Server, test} from './fixtures.js';

let browser;
before(async () => { browser = await launchBrowser(['evil.test', 'friend.test']); });
after(() => browser.close());

/** A command that leaves a trace, and the trace. */
function tracing(t) {
  const trace = join(folder(t), 'trace');
  return {command: ['sh', '-c', 'touch "$0"; cat', trace], started: () => existsSync(trace)};
}

/** What a page gets that tries: "open", or the code of its close. */
const attempt = (page, url) => page.evaluate((target) => new Promise((resolve) => {
  const socket = new WebSocket(target);
  socket.onopen = () => resolve('open');
  socket.onclose = ({code}) => resolve(code);
}), url);

describe('A page of another origin', () => {
  for (const [what, host] of [['of another port', '127.0.0.1'], ['of another site', 'evil.test']])
    test(`${what} is refused the WebSocket, and no command starts`, async (t) => {
      const {command, started} = tracing(t);
      const server = await Server.start(t, command);
      const port = await serveSite(t, '<title>evil</title>');
      const page = await openPage(t, browser);
      await page.goto(`http://${host}:${port}/`);
      for (const target of [server.socketUrl(), server.socketUrl('/', 'localhost')])
        assert.equal(await attempt(page, target), 1006);
      await server.logged(new RegExp(`origin=\\S*${host}:${port}\\S* status=403`));
      assert.ok(!started());
    });

  test('is let in where an option says so', async (t) => {
    const {command, started} = tracing(t);
    const server = await Server.start(t, command, ['--origin', 'http://friend.test']);
    const port = await serveSite(t, '<title>friend</title>');
    const page = await openPage(t, browser);
    await page.goto(`http://friend.test:${port}/`);
    assert.equal(await attempt(page, server.socketUrl()), 'open');
    await eventually(started, () => 'nothing started');
  });

  test('is refused in a sandbox, whose origin is null', async (t) => {
    const {command, started} = tracing(t);
    const server = await Server.start(t, command);
    const port = await serveSite(t, `<iframe sandbox="allow-scripts" srcdoc="<script>
      new WebSocket('${server.socketUrl()}').onclose = ({code}) => parent.postMessage(code, '*');
    </script>"></iframe><script>onmessage = ({data}) => { document.title = data; }</script>`);
    const page = await openPage(t, browser);
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => document.title === '1006');
    await server.logged(/origin=\S*null\S* status=403/);
    assert.ok(!started());
  });

  test('is refused Server-sent events, which the server\'s own page gets', async (t) => {
    const {command, started} = tracing(t);
    const server = await Server.start(t, [...command.slice(0, 2), 'touch "$0"; echo hello; sleep 60', command[3]]);
    const port = await serveSite(t, '<title>evil</title>');
    const page = await openPage(t, browser);
    const events = (url) => page.evaluate((target) => new Promise((resolve) => {
      const source = new EventSource(target);
      source.onmessage = ({data}) => { resolve(data); source.close(); };
      source.onerror = () => { resolve('refused'); source.close(); };
    }), url);
    await page.goto(`http://evil.test:${port}/`);
    assert.equal(await events(server.url()), 'refused');
    await server.logged(new RegExp(`origin=\\S*evil\\.test:${port}\\S* status=403`));
    assert.ok(!started());
    await page.goto(server.url());
    assert.equal(await events(server.url()), 'hello');
    assert.ok(started());
  });

  test('starts no CGI program: not by a request that has no Origin, not by a form, not by a link', async (t) => {
    const path = folder(t);
    const trace = join(path, 'trace');
    writeFileSync(join(path, 'program'), `#!/bin/sh\ntouch ${trace}\necho Content-Type: text/plain\necho\necho hello\n`, {mode: 0o755});
    const server = await Server.start(t, ['cat'], ['--cgi-dir', path]);
    const url = server.url('/program');
    const port = await serveSite(t, `<a href="${url}">link</a><form method="post" action="${url}"><button>post</button></form>`);
    const page = await openPage(t, browser);
    const refusals = () => server.log.match(/target=\S*program\S* .*status=403/g)?.length ?? 0;
    let expected = 0;
    for (const attack of [
      () => page.evaluate((target) => { new Image().src = target; }, url),
      () => page.evaluate((target) => { fetch(target, {mode: 'no-cors'}); }, url),
      () => page.evaluate((target) => { fetch(target, {method: 'POST', body: 'x', mode: 'no-cors'}); }, url),
      () => page.getByRole('button', {name: 'post'}).click(),
      () => page.getByRole('link').click(),
    ]) {
      await page.goto(`http://evil.test:${port}/`);
      await attack();
      expected += 1;
      await eventually(() => refusals() === expected, () => `${attack}:\n${server.log}`);
      assert.ok(!existsSync(trace), String(attack));
    }
    await page.goto(url);  // typed in by the user
    assert.equal((await page.textContent('body')).trim(), 'hello');
    assert.ok(existsSync(trace));
  });

  test('cannot put the console into a frame', async (t) => {
    const server = await Server.start(t, ['cat']);
    const port = await serveSite(t, `<iframe src="${server.url()}"></iframe>`);
    const page = await openPage(t, browser);
    await page.goto(`http://127.0.0.1:${port}/`);
    await eventually(() => /frame-ancestors 'none'/.test(page.complaints), () => page.complaints);
    assert.equal(page.frames()[1].url(), 'chrome-error://chromewebdata/');
  });
});

// A name of the attacker's that leads to this machine makes his page one of the server's own origin.
describe('DNS rebinding', () => {
  test('is refused to a page that the server itself sent', async (t) => {
    const {command, started} = tracing(t);
    const server = await Server.start(t, command);
    const page = await Console.open(t, browser, server.url('/', 'evil.test'));
    assert.equal(await page.url.inputValue(), server.socketUrl('/', 'evil.test'));
    await page.button('Connect').click();
    await page.shows('could not connect', 'host name (421)');
    await server.logged(/host=\S*evil\.test\S* .*status=421/);
    assert.ok(!started());
  });

  test('is refused to a page that the attacker sent before he moved the name', async (t) => {
    const {command, started} = tracing(t);
    const server = await Server.start(t, command);
    const page = await openPage(t, browser);
    const lure = server.url('/lure', 'evil.test');
    await page.route(lure, (route) => route.fulfill({contentType: 'text/html', body: '<title>evil</title>'}));
    await page.goto(lure);
    assert.equal(await page.title(), 'evil');
    assert.equal(await attempt(page, server.socketUrl('/', 'evil.test')), 1006);
    await server.logged(/host=\S*evil\.test\S* .*status=421/);
    assert.equal(await attempt(page, server.socketUrl()), 1006);
    await server.logged(/host=\S*127\.0\.0\.1\S* .*status=403/);
    assert.ok(!started());
  });

  test('is no name that the server has been told is its own', async (t) => {
    const {command, started} = tracing(t);
    const server = await Server.start(t, command, ['--host', 'friend.test']);
    const page = await Console.open(t, browser, server.url('/', 'friend.test'));
    await page.connect();
    await page.send('hello');
    await page.shows('received', 'hello');
    assert.ok(started());
  });
});

describe('A script', () => {
  const script = '"><script>window.pwned=1</script><img src=x onerror=window.pwned=1>';
  for (const [where, path, shown] of [
    ['query', `/?${script}`, `/?${encodeURI(script)}`],
    ['path', `/${script}`, `/${encodeURI(script)}`],
    ['hash', `/#${script}`, '/'],
    ['hash, as a javascript: URL', '/#javascript:window.pwned=1', '/'],
  ])
    test(`in the URL's ${where} is not run`, async (t) => {
      const server = await Server.start(t, ['cat']);
      const page = await Console.open(t, browser, server.url(path));
      assert.equal(await page.url.inputValue(), server.socketUrl(shown));
      await page.connect();
      await page.send('hello');
      await page.shows('received', 'hello');
      assert.equal(await page.page.evaluate(() => window.pwned), undefined);
      assert.equal(await page.page.locator('img').count(), 0);
      assert.equal(await page.page.locator('script').count(), 1);
      assert.deepEqual(page.page.complaints, []);
    });

  test('in a message, a reason or a subprotocol is not run', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.send(script);
    await page.shows('received', script);
    await page.page.getByText('Close code and reason').click();
    await page.field(/^Code/).fill('4000');
    await page.field(/^Reason/).fill(script);
    await page.button('Disconnect').click();
    await page.shows('closing with 4000', script);
    await page.is('disconnected');
    assert.equal(await page.page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.page.locator('img').count(), 0);
    assert.deepEqual(page.page.complaints, []);
  });

  test('that got into the page all the same is stopped by the policy, and so is a style', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    const stopped = await page.page.evaluate(async () => {
      const violations = [];
      document.addEventListener('securitypolicyviolation', ({effectiveDirective}) => violations.push(effectiveDirective));
      const added = document.createElement('div');
      document.body.append(added);
      added.innerHTML = '<img src="data:," onerror="window.pwned = 1"><p style="color: red">red</p><base href="/elsewhere/">';
      const inline = document.createElement('script');
      inline.textContent = 'window.pwned = 1';
      const foreign = document.createElement('script');
      foreign.src = '/script.js';
      const sheet = document.createElement('style');
      sheet.textContent = 'body { display: none }';
      added.append(inline, foreign, sheet);
      while (violations.length < 6) await new Promise((resolve) => setTimeout(resolve, 10));
      return {violations: violations.sort(), pwned: window.pwned, base: document.baseURI === location.href,
        display: getComputedStyle(document.body).display};
    });
    assert.deepEqual(stopped, {pwned: undefined, base: true, display: 'flex', violations: ['base-uri', 'script-src-attr',
      'script-src-elem', 'script-src-elem', 'style-src-attr', 'style-src-elem']});
  });
});
