// Socket.IO's own client, and docs/examples/socket.io.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {describe, test} from 'node:test';

import {io} from 'socket.io-client';
import {WebSocket} from 'ws';

import {atTheEnd, long, megabyte, roomy, serveExample, unicode} from './systems.js';

describe('Socket.IO', () => {
  const started = async (t, options = []) => (await serveExample(t, 'socket.io', options)).url;
  function client(t, url, options = {}) {
    const socket = io(url, {transports: ['websocket'], forceNew: true, reconnection: false, ...options});
    atTheEnd(t, () => socket.disconnect());
    return socket;
  }

  test('an event is acknowledged', long, async (t) => {
    const socket = client(t, await started(t));
    assert.equal(await socket.emitWithAck('hello', 'Ada'), 'Hello, Ada!');
    assert.match(socket.id, /^[0-9a-f]{32}$/);
  });

  test('arguments of every kind come back as they were', long, async (t) => {
    const socket = client(t, await started(t, roomy));
    for (const value of [unicode, '', megabyte, {a: [1, null, true, 1.5]}, [], '\ud800'])
      assert.deepEqual(await socket.emitWithAck('echo', value), value);
  });

  test('acknowledgements find their events', long, async (t) => {
    const socket = client(t, await started(t));
    const answers = await Promise.all(Array.from({length: 100}, (_, i) => socket.emitWithAck('echo', i)));
    assert.deepEqual(answers, Array.from({length: 100}, (_, i) => i));
  });

  test('what one client says all clients hear', long, async (t) => {
    const url = await started(t);
    const [one, two] = [client(t, url), client(t, url)];
    await Promise.all([once(one, 'connect'), once(two, 'connect')]);
    const heard = [once(one, 'said'), once(two, 'said')];
    assert.equal(await one.emitWithAck('say', unicode), 'ok');
    assert.deepEqual(await Promise.all(heard), [[unicode], [unicode]]);
  });

  test('a namespace of its own lets in who has the token, over the same connection', long, async (t) => {
    process.env.ADMIN_TOKEN = 'sesame';
    const url = await started(t, ['--pass-env', 'PATH,ADMIN_TOKEN']);
    const socket = client(t, url);
    const admin = socket.io.socket('/admin', {auth: {token: 'sesame'}});
    assert.equal(await admin.emitWithAck('hello', 'root'), 'Hello, root!');
    assert.equal(await socket.emitWithAck('hello', 'Ada'), 'Hello, Ada!');
  });

  test('a namespace is refused with an error', long, async (t) => {
    const url = await started(t, ['--pass-env', 'PATH,ADMIN_TOKEN']);
    async function refusal(namespace) {
      const [error] = await once(client(t, new URL(namespace, url).href), 'connect_error');
      return error.message;
    }
    assert.equal(await refusal('/admin'), 'not authorized');
    assert.equal(await refusal('/nowhere'), 'Invalid namespace');
  });

  test('pings are answered, and keep the connection up', long, async (t) => {
    const socket = client(t, await started(t, ['--env', 'PING_INTERVAL=0.1']));
    for (let i = 0; i < 3; ++i) await once(socket.io, 'ping');
    assert.equal(await socket.emitWithAck('hello', 'again'), 'Hello, again!');
  });

  test('the server can disconnect a client', long, async (t) => {
    const socket = client(t, await started(t));
    await once(socket, 'connect');
    socket.emit('kick');
    assert.equal((await once(socket, 'disconnect'))[0], 'io server disconnect');
  });

  test('a binary attachment closes the connection with 1003', long, async (t) => {
    const socket = client(t, await started(t));
    await once(socket, 'connect');
    socket.emit('echo', Buffer.from([1, 2, 3]));
    const [, details] = await once(socket, 'disconnect');
    assert.equal(details.context.code, 1003);
  });

  test('what is no JSON ends the program, and that is an exit status of 1', long, async (t) => {
    const socket = new WebSocket(await started(t));
    await once(socket, 'open');
    socket.send('42["hello"');
    assert.equal((await once(socket, 'close'))[0], 4001);
    socket.close();
  });

  test('the exit status is in the details of the disconnect', long, async (t) => {
    const socket = client(t, await started(t));
    await once(socket, 'connect');
    socket.emit('exit', 3);
    const [reason, details] = await once(socket, 'disconnect');
    assert.equal(reason, 'transport close');
    assert.deepEqual([details.context.code, details.context.reason], [4003, 'exit status 3']);
  });
});
