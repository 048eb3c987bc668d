// Chromium offers permessage-deflate with every WebSocket.
import assert from 'node:assert/strict';
import {after, before} from 'node:test';

import {launchBrowser, openPage, Server, test} from './fixtures.js';

let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser.close());

/** What a page sees that sends texts and bytes of a MiB and less, and waits for each to come back. */
const echo = async (url) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const next = (name) => new Promise((resolve) => { socket.addEventListener(name, resolve, {once: true}); });
  await next('open');
  const different = [];
  const sentence = 'What is said twice is shorter the second time. ';
  for (const text of ['', 'a', 'čapek 🤖 '.repeat(50), sentence, sentence, sentence.repeat(22_000).slice(0, 2 ** 20)]) {
    socket.send(text);
    if ((await next('message')).data !== text) different.push(text.slice(0, 20));
  }
  const closed = next('close');
  socket.send('quit');
  const {code, reason} = await closed;
  return {extensions: socket.extensions, different, code, reason};
};

const program = ['sh', '-c', 'cat; exit 3'];

test('Chromium exchanges compressed messages, and hears how the command has ended', async (t) => {
  const server = await Server.start(t, program, ['--compress', '--eof-message', 'quit']);
  const page = await openPage(t, browser);
  await page.goto(server.url());
  assert.deepEqual(await page.evaluate(echo, server.socketUrl()), {
    extensions: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    different: [], code: 4003, reason: 'exit status 3',
  });
  const [, received] = await server.logged(/bytes_in=(\d+)/);
  assert.ok(Number(received) < 100_000, `${received} bytes came for more than a MiB`);
});

test('Chromium exchanges messages that refer to those before them', async (t) => {
  const server = await Server.start(t, program, ['--compress-takeover', '--eof-message', 'quit']);
  const page = await openPage(t, browser);
  await page.goto(server.url());
  assert.deepEqual(await page.evaluate(echo, server.socketUrl()), {
    extensions: 'permessage-deflate; client_max_window_bits=12', different: [], code: 4003, reason: 'exit status 3',
  });
});
