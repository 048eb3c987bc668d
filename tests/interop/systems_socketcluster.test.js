// SocketCluster's own client, and docs/examples/socketcluster.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import socketcluster from 'socketcluster-client';

import {atTheEnd, long, megabyte, Queue, roomy, serveExample, unicode} from './systems.js';

describe('SocketCluster', () => {
  const started = async (t, options = []) => (await serveExample(t, 'socketcluster', options)).port;
  function client(t, port) {
    const socket = socketcluster.create({hostname: 'localhost', port, autoReconnect: false});
    atTheEnd(t, () => socket.disconnect());
    return socket;
  }

  test('a procedure gives its result', long, async (t) => {
    const socket = client(t, await started(t, roomy));
    assert.equal(await socket.invoke('greet', 'Ada'), 'Hello, Ada!');
    for (const value of [unicode, '', megabyte, [1, null, true, 1.5]])
      assert.deepEqual(await socket.invoke('echo', value), value);
  });

  test('a procedure that is not there is an error', long, async (t) => {
    const socket = client(t, await started(t));
    await assert.rejects(socket.invoke('nothing', 1),
      {name: 'Refused', message: 'there is no procedure nothing for that'});
  });

  test('what is published reaches all subscribers', long, async (t) => {
    const port = await started(t);
    const [one, two] = [client(t, port), client(t, port)];
    const channels = [one, two].map((socket) => socket.subscribe('news'));
    const heard = channels.map((channel) => channel.createConsumer());
    await Promise.all(channels.map((channel) => channel.listener('subscribe').once()));
    await one.invokePublish('news', {text: unicode});
    for (const consumer of heard) assert.deepEqual((await consumer.next()).value, {text: unicode});
  });

  test('who has unsubscribed hears nothing', long, async (t) => {
    const socket = client(t, await started(t));
    const heard = new Queue();
    for (const name of ['one', 'two']) {
      const channel = socket.subscribe(name);
      (async () => { for await (const data of channel) heard.put(data); })();
      await channel.listener('subscribe').once();
    }
    socket.unsubscribe('one');
    await socket.invokePublish('one', 1);
    await socket.invokePublish('two', 2);
    assert.equal(await heard.next(), 2);
  });

  test('a subscription can be refused', long, async (t) => {
    const socket = client(t, await started(t));
    const channel = socket.subscribe('private:diary');
    const {error} = await channel.listener('subscribeFail').once();
    assert.equal(error.message, 'private:diary is not for everybody');
  });

  test('pings, which are empty messages, are answered', long, async (t) => {
    const socket = client(t, await started(t, ['--env', 'PING_INTERVAL=0.1']));
    const messages = socket.listener('message').createConsumer();
    for (let pings = 0; pings < 3;) if ((await messages.next()).value.message === '') ++pings;
    assert.equal(await socket.invoke('greet', 'again'), 'Hello, again!');
  });

  test('several packets in one message are taken one by one', long, async (t) => {
    const socket = client(t, await started(t));
    await socket.listener('connect').once();
    socket.startBatch();
    const answers = Promise.all([1, 2, 3].map((value) => socket.invoke('echo', value)));
    socket.flushBatch();
    assert.deepEqual(await answers, [1, 2, 3]);
  });

  test('the disconnect has the exit status', long, async (t) => {
    const socket = client(t, await started(t));
    await socket.listener('connect').once();
    socket.transmit('exit', 3);
    assert.deepEqual(await socket.listener('disconnect').once(), {code: 4003, reason: 'exit status 3'});
  });
});
