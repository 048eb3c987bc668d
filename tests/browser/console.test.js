// The developer console with the real program and real commands.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe} from 'node:test';

import {Console, folder, launchBrowser, options, Server, source, test, tls} from './fixtures.js';

const verdict = [join(source, 'docs/examples/verdict.sh')];
let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser.close());

describe('The console', () => {
  for (const [scheme, certified] of [['http', () => []], ['https', tls]])
    test(`loads over ${scheme}, talks, and leaves the browser's log empty`, async (t) => {
      const server = await Server.start(t, ['cat'], certified(t));
      assert.equal(server.scheme, scheme);
      const page = await Console.open(t, browser, server.url());
      assert.equal(await page.page.title(), 'wsinetd console');
      assert.equal(await page.url.inputValue(), server.socketUrl());
      await page.connect();
      await page.send('hello');
      await page.shows('received', 'hello');
      await page.button('Disconnect').click();
      await page.is('disconnected');
      assert.deepEqual(page.page.complaints, []);
    });

  for (const [path, endpoint] of [
    ['/', '/'], ['/a/b%20c?x=1&y', '/a/b%20c?x=1&y'],
    ['/_console/', '/'], ['/_console/?x=1', '/?x=1'], ['/_consoles', '/_consoles'],
  ])
    test(`at ${path} offers the endpoint at ${endpoint}`, async (t) => {
      const server = await Server.start(t, ['cat']);
      const page = await Console.open(t, browser, server.url(path));
      assert.equal(await page.url.inputValue(), server.socketUrl(endpoint));
      await page.connect();
      await server.logged(new RegExp(`target="?${endpoint.replace(/[?]/g, '[?]')}"? .*status=101`));
    });

  test('stands at /_console/ where files are served, and opens what is at /', async (t) => {
    const files = folder(t);
    writeFileSync(join(files, 'index.html'), '<!doctype html><title>a file</title><link rel="icon" href="data:,">');
    const server = await Server.start(t, ['cat'], ['--static-dir', files]);
    const page = await Console.open(t, browser, server.url());
    assert.equal(await page.page.title(), 'a file');
    await page.page.goto(server.url('/_console'));
    assert.equal(await page.url.inputValue(), server.socketUrl());
    await page.connect();
    await page.send('hello');
    await page.shows('received', 'hello');
    assert.deepEqual(page.page.complaints, []);
  });

  test('sends and shows text, with time, direction, size, and the counts of both ways', async (t) => {
    const server = await Server.start(t, 'while read -r line; do echo "Hello, $line!"; done');
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.send('Čapek 🤖');
    await page.shows(/\d\d:\d\d:\d\d\.\d\d\d/, 'sent', 'text, 11 bytes', 'Čapek 🤖');
    await page.shows('received', 'text, 19 bytes', 'Hello, Čapek 🤖!');
    await page.send('');
    await page.shows('sent', 'text, 0 bytes');
    await page.shows('received', 'Hello, !');
    await page.page.getByText('2 messages, 11 bytes').waitFor();
    await page.page.getByText('2 messages, 27 bytes').waitFor();
  });

  test('sends lines that were typed with Shift+Enter as one message', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.text.pressSequentially('one');
    await page.text.press('Shift+Enter');
    await page.text.pressSequentially('two');
    await page.text.press('Enter');
    await page.shows('sent', 'text, 7 bytes', 'one\ntwo');
    await page.shows('received', 'text, 3 bytes', 'two');
    assert.deepEqual(await page.received(), ['one', 'two']);  // to cat they are two lines
  });

  test('shows control characters instead of obeying them', async (t) => {
    const server = await Server.start(t, String.raw`printf '\033[31mred\177 <b>bold</b>\tx\n'; cat`);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.shows('received', '␛[31mred␡ <b>bold</b>\tx');
  });

  test('sends bytes given in hexadecimal, and shows bytes as a dump', async (t) => {
    const server = await Server.start(t, ['cat'], ['--binary']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.binary();
    await page.field('Bytes in hexadecimal').fill('00 ff,0x7a 4142434445 46');
    await page.field('Bytes in hexadecimal').press('Enter');
    await page.shows('sent', 'binary, 9 bytes');
    await page.shows('received', 'binary, 9 bytes', '0000  00 ff 7a 41 42 43 44 45 46', '..zABCDEF');
  });

  test('says what is wrong with bytes that are none, and sends nothing', async (t) => {
    const server = await Server.start(t, ['cat'], ['--binary']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.binary();
    const field = page.field('Bytes in hexadecimal');
    for (const wrong of ['0', '0g', 'hello', '00 f', '0x']) {
      await field.fill(wrong);
      await field.press('Enter');
      assert.match(await field.evaluate((it) => it.validationMessage), /pairs of hexadecimal digits/, wrong);
    }
    await page.page.getByText('0 messages, 0 bytes').first().waitFor();
    await field.fill('00');
    assert.equal(await field.evaluate((it) => it.validationMessage), '');
  });

  test('sends a file as one binary message', async (t) => {
    const server = await Server.start(t, ['sha256sum'], ['--binary']);
    const counting = await Server.start(t, 'head -c 100000 | wc -c', ['--binary']);
    const path = join(folder(t), 'file');
    writeFileSync(path, Buffer.alloc(100000, 'wsinetd'));
    for (const each of [server, counting]) {
      const page = await Console.open(t, browser, each.url());
      await page.connect();
      await page.binary();
      await page.button('Send file').click();
      assert.match(await page.field(/^File/).evaluate((it) => it.validationMessage), /Choose a file/);
      await page.field(/^File/).setInputFiles(path);
      await page.button('Send file').click();
      await page.shows('sent', 'binary, 100,000 bytes', '... 95,904 more bytes');
      if (each === counting) await page.shows('received', '100000');
    }
  });

  test('says that there is no connection to send on', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.send('hello');
    assert.equal(await page.text.evaluate((it) => it.validationMessage), 'There is no connection.');
    assert.equal(await page.text.inputValue(), 'hello');
    await page.connect();
    await page.text.press('End');
    await page.text.press('Enter');
    await page.shows('sent', 'hello');
  });

  test('selects a subprotocol, and says which', async (t) => {
    if (!options.includes('--subprotocol')) return t.skip('the program has no --subprotocol yet');
    const server = await Server.start(t, 'echo "speaking $WEBSOCKET_SUBPROTOCOL"; cat', ['--subprotocol', 'chat']);
    const page = await Console.open(t, browser, server.url());
    await page.field(/^Subprotocols/).fill('soap, chat');
    await page.connect();
    await page.is('connected, subprotocol chat');
    await page.shows('received', 'speaking chat');
  });

  test('says what is wrong with a subprotocol or a URL', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.field(/^Subprotocols/).fill('no good');
    await page.button('Connect').click();
    assert.match(await page.field(/^Subprotocols/).evaluate((it) => it.validationMessage), /no good/);
    await page.field(/^Subprotocols/).fill('');
    await page.url.fill('ws://');
    await page.button('Connect').click();
    assert.match(await page.url.evaluate((it) => it.validationMessage), /This is no URL/);
    await page.url.fill('/other?query');  // a path is one of this server
    await page.connect();
    await page.shows('connecting to', server.socketUrl('/other?query'));
  });
});

describe('A close', () => {
  for (const [answer, ...shown] of [
    ['0', '1000', 'normal closure', 'exited with status 0'],
    ['3', '4003', '"exit status 3"', 'the command exited with status 3'],
    ['127', '4127', '"exit status 127"', 'the command exited with status 127', 'command not found'],
    ['137', '4137', '"exit status 137"', 'the command exited with status 137'],
    ['255', '4255', '"exit status 255"', 'the command exited with status 255'],
    ['KILL', '4137', '"killed by SIGKILL"', 'the command was killed by signal 9', 'SIGKILL, killed'],
    ['SEGV', '4139', '"killed by SIGSEGV"', 'the command was killed by signal 11', 'segmentation fault'],
  ])
    test(`is shown with its meaning after the command ended by ${answer}`, async (t) => {
      const server = await Server.start(t, verdict);
      const page = await Console.open(t, browser, server.url());
      await page.connect();
      await page.send(answer);
      await page.shows('closed with', ...shown);
      await page.is(`disconnected (${shown[0]})`);
    });

  test('is shown with its meaning after what an endpoint does not take', async (t) => {
    const server = await Server.start(t, ['cat'], ['--max-message-size', '10']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.send('eleven byte');
    await page.shows('closed with 1009', 'message too big');
    await page.connect();
    await page.binary();
    await page.field('Bytes in hexadecimal').fill('00');
    await page.button('Send bytes').click();
    await page.shows('closed with 1003', 'unsupported data');
  });

  test('is shown with its meaning when the server stops or is killed', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await server.stop();
    await page.shows('closed with 1001', '"server shutting down"', 'going away');
    await page.button('Reconnect').click();
    await page.shows('could not connect', 'It may not be running');
    await page.is('disconnected');
  });

  test('has the code and the reason that were asked for', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.page.getByText('Close code and reason').click();
    await page.field(/^Code/).fill('4001');
    await page.field(/^Reason/).fill('enough');
    await page.button('Disconnect').click();
    await page.shows('closing with 4001, "enough"');
    await page.shows('closed as asked with 4001');
    await page.is('disconnected');
  });

  test('is not sent with a code or a reason that no page may send', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.page.getByText('Close code and reason').click();
    for (const [code, reason, field, complaint] of [
      ['1001', '', /^Code/, /1000, or 3000 to 4999/],
      ['5000', '', /^Code/, /1000, or 3000 to 4999/],
      ['x', '', /^Code/, /1000, or 3000 to 4999/],
      ['', 'enough', /^Code/, /needs a code/],
      ['1000', 'é'.repeat(62), /^Reason/, /at most 123 bytes/],
    ]) {
      await page.field(/^Code/).fill(code);
      await page.field(/^Reason/).fill(reason);
      await page.button('Disconnect').click();
      assert.match(await page.field(field).evaluate((it) => it.validationMessage), complaint);
      await page.is('connected');
    }
  });
});

describe('A new connection', () => {
  test('is made by a button, to a command of its own', async (t) => {
    const server = await Server.start(t, 'echo "I am $$"; cat');
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.shows('received', 'I am');
    await page.button('Reconnect').click();
    await page.shows('left for a new connection');
    await page.log.locator('.received').nth(1).waitFor();
    const [first, second] = await page.received();
    assert.match(second, /^I am \d+$/);
    assert.notEqual(first, second);
    await page.is('connected');
  });

  test('is made by itself where that is wanted, and later each time it fails', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.page.clock.install();
    await page.field('Reconnect by itself').check();
    await page.connect();
    await server.stop();
    for (const wait of ['1 second', '2 seconds', '4 seconds', '8 seconds', '16 seconds', '30 seconds', '30 seconds']) {
      await page.is(`disconnected, next attempt in ${wait}`);
      await page.button('Clear').click();
      await page.page.clock.fastForward(parseInt(wait, 10) * 1000);
      await page.page.clock.runFor(100);  // draws what came of it
      await page.shows('could not connect');
    }
    await page.field('Reconnect by itself').uncheck();
    await page.is(/^disconnected$/);
  });

  test('is made by itself after an exit, but not after a close that was asked for', async (t) => {
    const server = await Server.start(t, verdict);
    const page = await Console.open(t, browser, server.url());
    await page.field('Reconnect by itself').check();
    await page.connect();
    await page.send('3');
    await page.is('next attempt in 1 second');
    await page.is(/^connected/);
    await page.button('Disconnect').click();
    await page.shows('closed as asked');
    await page.is(/^disconnected/);
    await page.button('Reconnect').click();
    await page.is(/^connected/);
    await page.send('3');
    await page.is('next attempt in');
    await page.button('Disconnect').click();
    await page.is(/^disconnected$/);
  });
});

describe('The log', () => {
  test('keeps the last 1,000 entries, and says so', async (t) => {
    const server = await Server.start(t, 'seq 5000; cat');
    const page = await Console.open(t, browser, server.url());
    await page.page.getByText('The last 1,000 entries are kept.').waitFor();
    await page.connect();
    await page.shows('received', /^.*5000$/);
    assert.equal(await page.entries.count(), 1000);
    await page.page.getByText('4,002 older dropped').waitFor();  // with "connecting" and "connected"
    await page.page.getByText('5,000 messages, 18,893 bytes').waitFor();
  });

  test('follows the newest entry until somebody scrolls up', async (t) => {
    const server = await Server.start(t, 'seq 100; while read -r line; do echo "$line"; done');
    const page = await Console.open(t, browser, server.url());
    const newest = page.entries.last();
    const inView = () => newest.evaluate((it) =>
      it.getBoundingClientRect().bottom <= it.parentElement.getBoundingClientRect().bottom);
    await page.connect();
    await page.shows('received', /^.*100$/);
    assert.ok(await inView());
    await page.log.evaluate((it) => { it.scrollTop = 0; });
    await page.button('Newest').waitFor();
    await page.send('seen?');
    await page.shows('received', 'seen?');
    assert.equal(await page.log.evaluate((it) => it.scrollTop), 0);
    assert.ok(!await inView());
    await page.button('Newest').click();
    assert.ok(await inView());
    await page.button('Newest').waitFor({state: 'hidden'});
  });

  test('can be copied and cleared', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url(), {permissions: ['clipboard-read', 'clipboard-write']});
    await page.connect();
    await page.send('hello');
    await page.shows('received', 'hello');
    await page.button('Copy log').click();
    await page.page.getByText('4 entries copied.').waitFor();
    const copied = await page.page.evaluate(() => navigator.clipboard.readText());
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    assert.match(copied, new RegExp(`^${time} note\nconnecting to ${server.socketUrl()}\n${time} note\nconnected\n` +
      `${time} sent text, 5 bytes\nhello\n${time} received text, 5 bytes\nhello\n$`));
    await page.button('Clear').click();
    assert.equal(await page.entries.count(), 0);
    assert.equal(await page.page.getByText('0 messages, 0 bytes').count(), 2);
    await page.is('connected');
  });

  test('can be copied where the browser has no clipboard for pages, as over plain HTTP', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', {value: undefined});
      document.addEventListener('copy', () => { window.copied = getSelection().toString(); });
    });
    await page.connect();
    await page.button('Copy log').click();
    await page.page.getByText('2 entries copied.').waitFor();
    assert.match(await page.page.evaluate(() => window.copied), /note\nconnected\n$/);
    assert.equal(await page.page.evaluate(() => document.activeElement.textContent), 'Copy log');
  });
});
