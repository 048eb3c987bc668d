// Clients that compress (RFC 7692), and one that cannot, at a server with --compress: the wire is watched.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {describe, test} from 'node:test';

import deflate from 'permessage-deflate';
import {createWebSocketStream, WebSocket} from 'ws';

import {fayeWebsocket, websocketNode, ws} from './clients/node.js';
import {gorilla, letters, libwebsockets, missing, remote} from './clients/remote.js';
import {serve} from './server.js';
import {extension, tap} from './tap.js';

const long = {timeout: 30_000};
const python = ['/usr/bin/python3', new URL('./clients/websockets_client.py', import.meta.url).pathname];
const inGo = gorilla();
const inC = libwebsockets();
const withWs = (perMessageDeflate) => (url) => ws(url, {perMessageDeflate: {threshold: 0, ...perMessageDeflate}});
const withFaye = (options) => (url) => fayeWebsocket(url, {extensions: [deflate.configure(options)]});

const clients = [
  {name: 'ws', connect: withWs({})},
  {name: 'ws, whose client takes nothing over', connect: withWs({clientNoContextTakeover: true})},
  {name: 'ws, whose server must take nothing over', connect: withWs({serverNoContextTakeover: true})},
  {name: 'ws, both taking nothing over',
    connect: withWs({clientNoContextTakeover: true, serverNoContextTakeover: true})},
  {name: 'ws, with small windows', connect: withWs({clientMaxWindowBits: 10, serverMaxWindowBits: 10})},
  {name: 'faye-websocket with permessage-deflate', connect: withFaye({})},
  {name: 'faye-websocket, taking nothing over',
    connect: withFaye({noContextTakeover: true, requestNoContextTakeover: true})},
  {name: "Python's websockets", connect: (url) => remote(python, url),
    skip: missing(['/usr/bin/python3'], ['-c', 'import websockets'])},
  {name: "Go's Gorilla", connect: (url) => remote(inGo.words, url), skip: inGo.skip},
  // Perl's Mojolicious is not here: its client keeps its window between messages, whatever client_no_context_takeover
  // in the answer says, so that its second message refers to what is gone (RFC 7692, 7.1.1.2).
  // Only messages that come back compressed: where compression was agreed on, its client goes through a message that is
  // not compressed once more (warmcat/libwebsockets, issue 2794), so that "hello" is reported twice.
  {name: 'libwebsockets', connect: (url) => remote(inC.words, url, letters), skip: inC.skip, least: 128},
];

const texts = ['hello', '', 'aé€😀\u0000z', 'again and again '.repeat(50), 'again and again '.repeat(50),
  'aé€😀'.repeat(2000), 'x'.repeat(1_048_576)];
const noise = Buffer.from(Array.from({length: 100_000}, (_, i) => (Math.imul(i, 2654435761) >>> 13) % 256));
const even = Buffer.alloc(100_000, 'bytes');
const compressed = (frames) => frames.some(({opcode, compressed}) => (opcode === 1 || opcode === 2) && compressed);
const data = (frames) => frames.filter(({opcode}) => opcode < 8);

for (const option of ['--compress', '--compress-takeover'])
  describe(option, () => {
    for (const {name, connect, skip, least = 0} of clients) {
      test(`${name} exchanges compressed texts, and sees the exit status`, {...long, skip}, async (t) => {
        const {port} = await serve(t, [option, '--eof-message', 'quit'], ['sh', '-c', 'cat; exit 3']);
        const {url, toServer, toClient} = await tap(t, port);
        const client = await connect(url);
        for (const text of texts.filter(({length}) => length >= least)) {
          client.send(text);
          assert.equal(await client.next(), text);
        }
        client.send('quit');
        assert.deepEqual(await client.closed, {code: 4003, reason: 'exit status 3'});
        assert.match(extension(toServer), /^permessage-deflate/);
        assert.match(extension(toClient), /^permessage-deflate/);
        assert.ok(compressed(toServer.frames), 'the client compressed');
        assert.ok(compressed(toClient.frames), 'the server compressed');
      });

      test(`${name} exchanges compressed bytes`, {...long, skip}, async (t) => {
        const {port} = await serve(t, [option, '--framing', 'raw'], ['cat']);
        const {url, toServer, toClient} = await tap(t, port);
        const client = await connect(url);
        for (const bytes of [even, noise, even]) {
          client.send(bytes);
          let back = Buffer.alloc(0);
          while (back.length < bytes.length) back = Buffer.concat([back, await client.next()]);
          assert.ok(back.equals(bytes));
        }
        client.close(1000, '');
        assert.equal((await client.closed).code, 1000);
        assert.ok(compressed(toServer.frames), 'the client compressed');
        assert.ok(compressed(toClient.frames), 'the server compressed');
      });
    }

    test('a stream of ws is the same bytes there and back', long, async (t) => {
      const {port} = await serve(t, [option, '--framing', 'raw'], ['cat']);
      const {url, toServer, toClient} = await tap(t, port);
      const stream = createWebSocketStream(new WebSocket(url, {perMessageDeflate: {threshold: 0}}));
      const sent = Buffer.concat([even, noise, even]);
      const pieces = [];
      const complete = new Promise((resolve, reject) => {
        let length = 0;
        stream.on('error', reject).on('data', (piece) => {
          pieces.push(piece);
          length += piece.length;
          if (length >= sent.length) resolve();
        });
      });
      for (let at = 0; at < sent.length; at += 7000) stream.write(sent.subarray(at, at + 7000));
      await complete;
      stream.end();
      await once(stream, 'close');
      assert.ok(Buffer.concat(pieces).equals(sent));
      assert.ok(compressed(toServer.frames) && compressed(toClient.frames));
    });

    test('websocket, which cannot compress, is spared, and its fragments are put together', long, async (t) => {
      const {port} = await serve(t, [option], ['cat']);
      const {url, toServer, toClient} = await tap(t, port);
      const client = await websocketNode(url, {fragmentationThreshold: 16});
      const text = 'again and again '.repeat(50);
      client.send(text);
      assert.equal(await client.next(), text);
      client.close(1000, '');
      assert.equal((await client.closed).code, 1000);
      assert.equal(extension(toClient), undefined);
      assert.ok(!data(toClient.frames).some(({compressed}) => compressed));
      assert.equal(data(toServer.frames).length, 50);
      assert.ok(data(toServer.frames).slice(0, -1).every(({final}) => !final));
    });
  });

test('a client that offers to a server without --compress gets nothing compressed', long, async (t) => {
  const {port} = await serve(t, [], ['cat']);
  const {url, toClient} = await tap(t, port);
  const client = await ws(url, {perMessageDeflate: {threshold: 0}});
  client.send(texts[3]);
  assert.equal(await client.next(), texts[3]);
  client.close(1000, '');
  await client.closed;
  assert.equal(extension(toClient), undefined);
  assert.ok(!compressed(toClient.frames));
});
