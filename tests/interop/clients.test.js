// Every client exchanges the same with real commands, and sees how they end.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {fayeWebsocket, websocketNode, ws} from './clients/node.js';
import {gorilla, letters, libwebsockets, missing, remote} from './clients/remote.js';
import {serve} from './server.js';

const here = (file) => new URL(`./clients/${file}`, import.meta.url).pathname;
const inPython = (file) => ['/usr/bin/python3', here(file)];
const inNode = ['node', '--experimental-websocket'];  // needed before Node 22, and no harm after
const inPerl = ['perl', here('mojolicious.pl')];

const inGo = gorilla();
const inC = libwebsockets();

const clients = [
  {name: 'ws', connect: (url) => ws(url, {perMessageDeflate: false})},
  {name: 'ws, offering compression', connect: ws},
  {name: 'websocket, in fragments of 100 bytes', connect: (url) => websocketNode(url)},
  {name: 'faye-websocket', connect: fayeWebsocket},
  {name: "Node's own WebSocket", connect: (url) => remote([...inNode, here('node_websocket.js')], url),
    skip: missing(inNode, ['-e', 'WebSocket'])},
  {name: "Python's websockets", connect: (url) => remote(inPython('websockets_client.py'), url),
    skip: missing(['/usr/bin/python3'], ['-c', 'import websockets'])},
  {name: "Python's websocket-client", connect: (url) => remote(inPython('websocket_client.py'), url),
    skip: missing(['/usr/bin/python3'], ['-c', 'import websocket'])},
  {name: "Perl's Mojolicious", connect: (url) => remote(inPerl, url),
    skip: missing(['perl'], ['-MMojo::UserAgent', '-e', '1'])},
  {name: "Go's Gorilla", connect: (url) => remote(inGo.words, url), skip: inGo.skip},
  {name: 'libwebsockets', connect: (url) => remote(inC.words, url, letters), skip: inC.skip},
];

const texts = {
  'a text': 'hello',
  'an empty text': '',
  'a text of every length of character': 'aé€😀\u0000z',
  'a text of a mebibyte': 'x'.repeat(1_048_576),
};

const long = {timeout: 30_000};

for (const {name, connect, skip} of clients)
  describe(name, {skip}, () => {
    for (const [what, text] of Object.entries(texts))
      test(`gets ${what} back`, long, async (t) => {
        const client = await connect((await serve(t, [], ['cat'])).url);
        client.send(text);
        assert.equal(await client.next(), text);
        client.close(1000, '');
        assert.equal((await client.closed).code, 1000);
      });

    test('gets bytes back', long, async (t) => {
      const client = await connect((await serve(t, ['--framing', 'raw'], ['cat'])).url);
      const bytes = Buffer.from(Array.from({length: 100_000}, (_, i) => (i * 7) % 256));
      client.send(bytes);
      let back = Buffer.alloc(0);
      while (back.length < bytes.length) back = Buffer.concat([back, await client.next()]);
      assert.ok(back.equals(bytes));
      client.close(1000, '');
      assert.equal((await client.closed).code, 1000);
    });

    test('gets a thousand lines in their order', long, async (t) => {
      const client = await connect((await serve(t, [], ['seq', '1000'])).url);
      for (let i = 1; i <= 1000; ++i) assert.equal(await client.next(), String(i));
      assert.equal((await client.closed).code, 1000);
    });

    test('sees the exit status', long, async (t) => {
      const client = await connect((await serve(t, [], ['sh', '-c', 'echo bye; exit 3'])).url);
      assert.equal(await client.next(), 'bye');
      assert.deepEqual(await client.closed, {code: 4003, reason: 'exit status 3'});
    });

    test('closes with a code of its own', long, async (t) => {
      const client = await connect((await serve(t, [], ['cat'])).url);
      client.send('hello');
      assert.equal(await client.next(), 'hello');
      client.close(4321, 'enough');
      assert.equal((await client.closed).code, 4321);
    });
  });

test('a ping of ws is answered with what it carries', long, async (t) => {
  const client = await ws((await serve(t, [], ['cat'])).url);
  assert.equal(await client.ping('are you there'), 'are you there');
  client.close();
});
