// Phoenix's own client, and docs/examples/phoenix.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {Socket} from 'phoenix';
import {WebSocket} from 'ws';

import {atTheEnd, long, megabyte, Queue, roomy, serveExample, unicode} from './systems.js';

describe('Phoenix', () => {
  const started = async (t, options = []) => (await serveExample(t, 'phoenix', options)).url;
  function client(t, url, options = {}) {
    const socket = new Socket(`${url}socket`, {transport: WebSocket, ...options});
    atTheEnd(t, () => socket.disconnect());
    socket.connect();
    return socket;
  }
  /** What a push or a join is answered with: a status and a response. */
  const reply = (push) => new Promise((resolve) => {
    for (const status of ['ok', 'error', 'timeout']) push.receive(status, (response) => resolve([status, response]));
  });
  async function join(socket, topic) {
    const channel = socket.channel(topic);
    assert.deepEqual(await reply(channel.join()), ['ok', {topic}]);
    return channel;
  }

  test('a push is answered', long, async (t) => {
    const channel = await join(client(t, await started(t, roomy)), 'room:lobby');
    for (const value of [unicode, '', megabyte, [1, null, true, 1.5]])
      assert.deepEqual(await reply(channel.push('echo', {value})), ['ok', {value}]);
  });

  test('a push the channel does not know is answered with an error', long, async (t) => {
    const channel = await join(client(t, await started(t)), 'room:lobby');
    assert.deepEqual(await reply(channel.push('nothing', {})),
      ['error', {reason: 'no event nothing with that payload'}]);
  });

  test('a private topic lets in who has the token', long, async (t) => {
    const url = await started(t);
    const stranger = client(t, url).channel('private:safe');
    assert.deepEqual(await reply(stranger.join()), ['error', {reason: 'unauthorized'}]);
    stranger.leave();
    await join(client(t, url, {params: {token: 'sesame'}}), 'private:safe');
  });

  test('what is shouted reaches all who have joined the topic, and nobody else', long, async (t) => {
    const url = await started(t);
    const [one, two] = [client(t, url), client(t, url)];
    const heard = new Queue();
    const [lobby] = [await join(one, 'room:lobby'), await join(two, 'room:lobby'), await join(two, 'room:other')];
    for (const socket of [one, two])
      for (const channel of socket.channels) channel.on('shout', ({body}) => heard.put([channel.topic, body]));
    assert.deepEqual(await reply(lobby.push('shout', {body: unicode})), ['ok', {}]);
    assert.deepEqual(await reply(lobby.push('shout', {body: 'end'})), ['ok', {}]);
    const all = [];
    for (let i = 0; i < 4; ++i) all.push(await heard.next());
    assert.deepEqual(all.sort(), [['room:lobby', unicode], ['room:lobby', unicode], ['room:lobby', 'end'],
      ['room:lobby', 'end']].sort());
  });

  test('who has left a topic is told so, and can come again', long, async (t) => {
    const socket = client(t, await started(t));
    const channel = await join(socket, 'room:lobby');
    const closed = new Queue();
    channel.onClose(closed.put);
    assert.equal((await reply(channel.leave()))[0], 'ok');
    await closed.next();
    await join(socket, 'room:lobby');
  });

  test('heartbeats are answered', long, async (t) => {
    const answered = new Queue();
    const socket = client(t, await started(t), {heartbeatIntervalMs: 1_000});  // and as much for the answer
    socket.onMessage(({topic, payload}) => { if (topic === 'phoenix') answered.put(payload.status); });
    assert.equal(await answered.next(), 'ok');
  });

  test('a binary push closes the connection with 1003', long, async (t) => {
    const socket = client(t, await started(t), {reconnectAfterMs: () => 60_000});
    const channel = await join(socket, 'room:lobby');
    const closed = new Queue();
    socket.onClose(closed.put);
    channel.push('echo', new ArrayBuffer(3), 100);
    assert.equal((await closed.next()).code, 1003);
  });

  test('the close event has the exit status, and the channel is joined again', long, async (t) => {
    const socket = client(t, await started(t), {reconnectAfterMs: () => 10, rejoinAfterMs: () => 10});
    const channel = await join(socket, 'room:lobby');
    const [closed, rejoined] = [new Queue(), new Queue()];
    socket.onClose(closed.put);
    channel.joinPush.receive('ok', rejoined.put);
    channel.push('exit', {status: 3}, 100);
    const event = await closed.next();
    assert.deepEqual([event.code, event.reason], [4003, 'exit status 3']);
    await rejoined.next();  // the join there was already
    await rejoined.next();
    assert.deepEqual(await reply(channel.push('echo', {again: true})), ['ok', {again: true}]);
  });
});
