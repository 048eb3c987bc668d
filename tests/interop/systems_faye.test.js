// Faye's own client, and docs/examples/faye.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, test} from 'node:test';

import faye from 'faye';
import {WebSocket} from 'ws';

import {atTheEnd, long, megabyte, Queue, roomy, serveExample, unicode} from './systems.js';

describe('Faye', () => {
  async function started(t, options = []) {
    const {port} = await serveExample(t, 'faye', options);
    return `http://localhost:${port}/faye`;
  }
  function client(t, url, {needed = true} = {}) {
    const it = new faye.Client(url, {retry: 0.1});
    atTheEnd(t, async () => { if (needed) await it.disconnect(); });
    return it;
  }

  test('what is published reaches all subscribers, over WebSocket', long, async (t) => {
    const url = await started(t, roomy);
    const [one, two] = [client(t, url), client(t, url)];
    const heard = [new Queue(), new Queue()];
    await one.subscribe('/news', heard[0].put);
    await two.subscribe('/news', heard[1].put);
    for (const value of [unicode, '', megabyte, {a: [1, null, true, 1.5]}]) {
      await one.publish('/news', value);
      for (const queue of heard) assert.deepEqual(await queue.next(), value);
    }
    assert.equal(one._dispatcher.connectionType, 'websocket');
  });

  test('wildcards match one level or all', long, async (t) => {
    const it = client(t, await started(t));
    const heard = new Queue();
    await it.subscribe('/one/*').withChannel((channel, data) => heard.put(['*', channel, data]));
    await it.subscribe('/all/**').withChannel((channel, data) => heard.put(['**', channel, data]));
    for (const channel of ['/one/a/b', '/one/a', '/all/a/b', '/all/a']) await it.publish(channel, 1);
    assert.deepEqual([await heard.next(), await heard.next(), await heard.next()],
      [['*', '/one/a', 1], ['**', '/all/a/b', 1], ['**', '/all/a', 1]]);
  });

  test('who has unsubscribed hears nothing', long, async (t) => {
    const it = client(t, await started(t));
    const heard = new Queue();
    const subscription = it.subscribe('/one', heard.put);
    await subscription;
    await it.subscribe('/two', heard.put);
    subscription.cancel();
    await it.publish('/one', 1);
    await it.publish('/two', 2);
    assert.equal(await heard.next(), 2);
  });

  test('a subscription can be refused', long, async (t) => {
    const it = client(t, await started(t));
    const refused = Promise.resolve(it.subscribe('/private/diary', () => {}));
    await assert.rejects(refused, {code: 403, message: 'Forbidden channel'});
  });

  test('it stays connected from one answer to /meta/connect to the next', long, async (t) => {
    const it = client(t, await started(t, ['--env', 'CONNECT_TIMEOUT=1']));
    const answers = new Queue();
    it.addExtension({incoming: (message, callback) => {
      if (message.channel === '/meta/connect') answers.put(message.successful);
      callback(message);
    }});
    await it.subscribe('/news', () => {});
    assert.deepEqual([await answers.next(), await answers.next()], [true, true]);
  });

  test('it comes again when the command has ended, and is still subscribed', long, async (t) => {
    const it = client(t, await started(t));
    const heard = new Queue();
    await it.subscribe('/news', heard.put);
    const down = new Promise((resolve) => it.on('transport:down', resolve));
    await it.publish('/service/exit', 3);
    await down;
    await it.publish('/news', 'again');
    assert.equal(await heard.next(), 'again');
  });

  test('a client that was forgotten begins again, and subscribes again', long, async (t) => {
    const {port, room} = await serveExample(t, 'faye', ['--env', 'CONNECT_TIMEOUT=1']);
    const it = client(t, `http://localhost:${port}/faye`);
    const [heard, connects] = [new Queue(), new Queue()];
    it.addExtension({incoming: (message, callback) => {
      if (message.channel === '/meta/connect' && message.successful) connects.put(message.clientId);
      callback(message);
    }});
    await it.subscribe('/news', heard.put);
    const first = await connects.next();
    for (const file of await readdir(room)) if (file.endsWith('.client')) await rm(join(room, file));
    while (await connects.next() === first);  // the first of the new one is by HTTP
    await connects.next();
    await it.publish('/news', 'again');
    assert.equal(await heard.next(), 'again');
  });

  test('who did not begin with the handshake is not known', long, async (t) => {
    const socket = new WebSocket((await started(t)).replace('http', 'ws'));
    await once(socket, 'open');
    socket.send('[{"channel":"/meta/connect","clientId":"0123456789abcdef0123456789abcdef","id":"1"}]');
    const [answer] = JSON.parse((await once(socket, 'message'))[0].toString());
    assert.deepEqual([answer.successful, answer.advice.reconnect], [false, 'handshake']);
    socket.send('[{"channel":"/service/exit","clientId":"../../x","id":"1","data":3}]');
    assert.equal(JSON.parse((await once(socket, 'message'))[0].toString())[0].successful, false);
    socket.close();
  });
});
