// SignalR's own client, and docs/examples/signalr.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {describe, test} from 'node:test';

import {HttpTransportType, HubConnectionBuilder, LogLevel, Subject} from '@microsoft/signalr';
import {WebSocket} from 'ws';

import {atTheEnd, long, megabyte, Queue, roomy, serveExample, unicode} from './systems.js';

describe('SignalR', () => {
  const started = async (t, options = []) =>
    `http://localhost:${(await serveExample(t, 'signalr', options)).port}/hub`;
  async function client(t, url, prepare = () => {}, skipNegotiation = true) {
    const connection = new HubConnectionBuilder()
      .withUrl(url, {skipNegotiation, transport: HttpTransportType.WebSockets})
      .configureLogging(LogLevel.None)
      .build();
    prepare(connection);
    atTheEnd(t, () => connection.stop());
    await connection.start();
    return connection;
  }
  const items = (stream) => new Promise((resolve, reject) => {
    const all = [];
    stream.subscribe({next: (item) => all.push(item), complete: () => resolve(all), error: reject});
  });

  test('a method gives its result', long, async (t) => {
    const connection = await client(t, await started(t));
    assert.equal(await connection.invoke('Greet', 'Ada'), 'Hello, Ada!');
  });

  test('values of every kind come back as they were', long, async (t) => {
    const connection = await client(t, await started(t, roomy));
    for (const value of [unicode, '', megabyte, {a: [1, null, true, 1.5]}, '\u001e'])
      assert.deepEqual(await connection.invoke('Echo', value), value);
  });

  test('results find their invocations', long, async (t) => {
    const connection = await client(t, await started(t));
    const answers = await Promise.all(Array.from({length: 100}, (_, i) => connection.invoke('Echo', i)));
    assert.deepEqual(answers, Array.from({length: 100}, (_, i) => i));
  });

  test('an unknown method and wrong arguments are errors', long, async (t) => {
    const connection = await client(t, await started(t));
    await assert.rejects(connection.invoke('Nothing'), /there is no method Nothing/);
    await assert.rejects(connection.invoke('run'), /there is no method run/);
    await assert.rejects(connection.invoke('Greet'), /missing 1 required positional argument/);
  });

  test('a client that negotiates first is told by a CGI program to take WebSocket', long, async (t) => {
    const url = await started(t);
    const connection = await client(t, url, () => {}, false);
    assert.equal(await connection.invoke('Greet', 'Ada'), 'Hello, Ada!');
    assert.match(connection.connectionId, /^[0-9a-f]+$/);
  });

  test('a stream comes item by item', long, async (t) => {
    const connection = await client(t, await started(t));
    assert.deepEqual(await items(connection.stream('Count', 5, 1)), [1, 2, 3, 4, 5]);
    await assert.rejects(items(connection.stream('Count', 'x', 1)), /TypeError/);
  });

  test('a stream that is not wanted any more ends, and others go on', long, async (t) => {
    const connection = await client(t, await started(t));
    const first = new Queue();
    const observer = {next: first.put, complete() {}, error() {}};
    const subscription = connection.stream('Count', 1_000_000, 1).subscribe(observer);
    assert.equal(await first.next(), 1);
    subscription.dispose();
    assert.deepEqual(await items(connection.stream('Count', 3, 1)), [1, 2, 3]);
  });

  test('a stream from the client is summed up', long, async (t) => {
    const connection = await client(t, await started(t));
    const numbers = new Subject();
    const sum = connection.invoke('Sum', numbers);
    for (const number of [1, 2, 3.5]) numbers.next(number);
    numbers.complete();
    assert.equal(await sum, 6.5);
  });

  test('the server asks the client for a result', long, async (t) => {
    const connection = await client(t, await started(t), (it) => it.on('name', async () => 'Grace'));
    assert.equal(await connection.invoke('GreetMe'), 'Hello, Grace!');
  });

  test('what one client says all clients hear', long, async (t) => {
    const url = await started(t);
    const heard = new Queue();
    const one = await client(t, url, (it) => it.on('said', heard.put));
    await client(t, url, (it) => it.on('said', heard.put));
    await one.invoke('Say', unicode);
    assert.deepEqual([await heard.next(), await heard.next()], [unicode, unicode]);
  });

  test('pings of the server keep the connection up', long, async (t) => {
    const url = await started(t, ['--env', 'PING_INTERVAL=0.1']);
    const connection = await client(t, url);
    connection.serverTimeoutInMilliseconds = 1_000;
    assert.deepEqual(await items(connection.stream('Count', 2, 1_500)), [1, 2]);
  });

  test('a protocol that is not JSON is refused in the handshake', long, async (t) => {
    const socket = new WebSocket((await started(t)).replace('http', 'ws'));
    await once(socket, 'open');
    socket.send('{"protocol":"messagepack","version":1}\u001e');
    assert.equal((await once(socket, 'message'))[0].toString(),
      '{"error": "The protocol \'messagepack\' is not supported."}\u001e');
    assert.equal((await once(socket, 'close'))[0], 1000);
  });

  test('the exit status is in the error of the close', long, async (t) => {
    const closed = new Queue();
    const connection = await client(t, await started(t), (it) => it.onclose(closed.put));
    await connection.send('Exit', 3);
    assert.match((await closed.next()).message, /4003 \(exit status 3\)/);
  });
});
