// jszmq, which is ZeroMQ over WebSocket, and docs/examples/jszmq.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {describe, test} from 'node:test';

import jszmq from 'jszmq';
import {WebSocket} from 'ws';

import {serve} from './server.js';
import {atTheEnd, long, roomy, serveExample} from './systems.js';

describe('jszmq', () => {
  const started = async (t, options = []) => (await serveExample(t, 'jszmq', options)).url;
  function connected(t, url, type) {
    const socket = jszmq.socket(type);
    socket.options.reconnectInterval = 50;
    atTheEnd(t, () => socket.close());
    socket.connect(url);
    return socket;
  }
  function client(t, url) {
    const socket = connected(t, url, 'req');
    return async (...parts) => {
      socket.send(parts);
      return (await once(socket, 'message')).map((part) => part.toString());
    };
  }

  test('a request of several parts has its answer', long, async (t) => {
    const request = client(t, await started(t));
    assert.deepEqual(await request('hello\n', 'Ada\n'), ['Hello, Ada!']);
  });

  test('parts come back as they were', long, async (t) => {
    const request = client(t, await started(t));
    for (const parts of [['one'], ['a', 'b', 'c'], ['', ''], ['aé€😀\u0000\u0001z'], ['x'.repeat(4095)]])
      assert.deepEqual(await request(...parts.map((part) => `${part}\n`)), parts);
  });

  test('a thousand requests have a thousand answers, each of its own parts', long, async (t) => {
    const request = client(t, await started(t));
    for (let i = 0; i < 1000; ++i) assert.deepEqual(await request(`${i}\n`, 'x\n'), [`${i}`, 'x']);
  });

  test('a megabyte comes in as one part and goes out as many', long, async (t) => {
    const request = client(t, await started(t, roomy));
    const answer = await request('count\n', `${'x'.repeat(2 ** 20)}\n`);
    assert.deepEqual(answer, [String(2 ** 20)]);
    const parts = await request('repeat\n', `${2 ** 20}\n`);
    assert.equal(parts.join(''), 'x'.repeat(2 ** 20));
    assert.ok(parts.every((part) => part.length <= 4095));
  });

  test('without the subprotocol the client does not connect', long, async (t) => {
    const {url} = await serve(t, ['--framing', 'raw'], ['cat']);
    const socket = new WebSocket(url, ['ZWS2.0']);
    assert.match((await once(socket, 'error'))[0].message, /subprotocol/);
  });

  test('a socket connects again when the command has ended', long, async (t) => {
    const socket = connected(t, await started(t), 'dealer');
    socket.send(['', 'hello\n', 'Ada\n']);
    assert.deepEqual((await once(socket, 'message')).join(''), 'Hello, Ada!');
    socket.send(['', 'exit\n', '3\n']);
    await once(socket.endpoints[0], 'hiccuped');
    socket.send(['', 'hello\n', 'again\n']);
    assert.deepEqual((await once(socket, 'message')).join(''), 'Hello, again!');
  });

  test('the close code has the exit status', long, async (t) => {
    const socket = new WebSocket(await started(t), ['ZWS2.0']);
    await once(socket, 'open');
    for (const frame of ['\0', '\x01', '\x01exit\n', '\x003\n']) socket.send(Buffer.from(frame));
    const [code, reason] = await once(socket, 'close');
    assert.deepEqual([code, reason.toString()], [4003, 'exit status 3']);
  });
});
