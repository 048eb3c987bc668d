// jsonrpc-bidirectional's own client, and docs/examples/jsonrpc-bidirectional.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createRequire} from 'node:module';
import {describe, test} from 'node:test';

import jsonrpc from 'jsonrpc-bidirectional';

import {atTheEnd, long, megabyte, Queue, roomy, serveExample, unicode} from './systems.js';

// The version of ws that the client comes with: texts are strings in it.
const WebSocket = createRequire(createRequire(import.meta.url).resolve('jsonrpc-bidirectional'))('ws');

describe('jsonrpc-bidirectional', () => {
  const started = async (t, options = []) =>
    (await serveExample(t, 'jsonrpc-bidirectional', options)).url;
  /** What the client lets the server call. */
  class Ours extends jsonrpc.EndpointBase {
    constructor() { super('Ours', '/', {}, jsonrpc.Client); }
    async name() { return 'Grace'; }
  }
  async function client(t, url) {
    const server = new jsonrpc.Server();
    server.registerEndpoint(new Ours());
    server.addPlugin(new jsonrpc.Plugins.Server.AuthenticationSkip());
    server.addPlugin(new jsonrpc.Plugins.Server.AuthorizeAll());
    const socket = new WebSocket(url);
    atTheEnd(t, () => socket.terminate());
    await once(socket, 'open');
    const router = new jsonrpc.BidirectionalWebsocketRouter(server);
    const rpc = router.connectionIDToSingletonClient(router.addWebSocketSync(socket), jsonrpc.Client);
    return {
      socket,
      call: (method, ...params) => rpc.rpc(method, params),
      notify: (method, ...params) => rpc.rpc(method, params, true),
    };
  }

  test('a call gives its result', long, async (t) => {
    const {call} = await client(t, await started(t, roomy));
    assert.equal(await call('greet', 'Ada'), 'Hello, Ada!');
    assert.equal(await call('add', 2, 3), 5);
    for (const value of [unicode, '', megabyte, {a: [1, null, true, 1.5]}, null])
      assert.deepEqual(await call('echo', value), value);
  });

  test('its messages have several lines, and each is read as one', long, async (t) => {
    const {socket, call} = await client(t, await started(t));
    const sent = new Queue();
    const send = socket.send;
    socket.send = (text) => { sent.put(text); send.call(socket, text); };
    assert.equal(await call('greet', 'Ada'), 'Hello, Ada!');
    assert.match(await sent.next(), /\n/);
  });

  test('results find their calls', long, async (t) => {
    const {call} = await client(t, await started(t));
    const answers = await Promise.all(Array.from({length: 100}, (_, i) => call('echo', i)));
    assert.deepEqual(answers, Array.from({length: 100}, (_, i) => i));
  });

  test('the server calls the client while the client waits for it', long, async (t) => {
    const {call} = await client(t, await started(t));
    assert.equal(await call('greetMe', 'Admiral'), 'Hello, Admiral Grace!');
  });

  test('an error has its code and its message', long, async (t) => {
    const {call} = await client(t, await started(t));
    await assert.rejects(call('fail'), {code: 42, message: 'as you wish'});
    await assert.rejects(call('nothing'), {code: -32601, message: 'There is no method nothing.'});
    await assert.rejects(call('toString'), {code: -32601});
  });

  test('a notification gets no answer', long, async (t) => {
    const {socket, call, notify} = await client(t, await started(t));
    const answers = new Queue();
    socket.on('message', answers.put);
    await notify('greet', 'nobody');
    await call('greet', 'Ada');
    assert.equal(JSON.parse(await answers.next()).result, 'Hello, Ada!');
  });

  test('what is no JSON is answered with an error', long, async (t) => {
    const socket = new WebSocket(await started(t));
    await once(socket, 'open');
    for (const [text, code] of [['{', -32700], ['{}', -32600], ['null', -32600], ['{"id":7,"result":1}', -32600]]) {
      socket.send(text);
      assert.equal(JSON.parse((await once(socket, 'message'))[0]).error.code, code);
    }
    socket.close();
  });

  test('calls that wait are rejected with the exit status', long, async (t) => {
    const {call} = await client(t, await started(t));
    await assert.rejects(call('exit', 3), {message: 'WebSocket closed. Code: 4003. Message: "exit status 3"'});
  });
});
