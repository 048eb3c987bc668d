// WebSockets, events and CGI through the web servers people put in front.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import EventSource from 'eventsource';

import {ws} from './clients/node.js';
import {inFront, missingProxy, proxies} from './proxies.js';
import {serve} from './server.js';

const long = {timeout: 60_000};

for (const name of Object.keys(proxies))
  describe(`behind ${name}`, {skip: missingProxy(name)}, () => {
    const served = async (t, command, options = []) => {
      const port = await inFront(t, name, (await serve(t, options, command)).port);
      return {port, url: `ws://localhost:${port}/`};
    };

    test('messages of every size pass both ways', long, async (t) => {
      const client = await ws((await served(t, ['cat'])).url);
      for (const text of ['hello', '', 'aé€😀z', 'x'.repeat(1_000_000)]) {
        client.send(text);
        assert.equal(await client.next(), text);
      }
      client.close(4321, '');
      assert.equal((await client.closed).code, 4321);
    });

    test('the exit status arrives as the close code', long, async (t) => {
      const client = await ws((await served(t, ['sh', '-c', 'echo bye; exit 3'])).url);
      assert.equal(await client.next(), 'bye');
      assert.deepEqual(await client.closed, {code: 4003, reason: 'exit status 3'});
    });

    test('a page of the same name may connect, one of another may not', long, async (t) => {
      const {port, url} = await served(t, ['echo', 'hello']);
      const own = await ws(url, {origin: `http://localhost:${port}`});
      assert.equal(await own.next(), 'hello');
      await assert.rejects(ws(url, {origin: 'http://evil.example'}), /403/);
    });

    test('events come one by one, as they are printed', long, async (t) => {
      const {port} = await served(t, ['sh', '-c', 'echo one; sleep 1000']);
      const source = new EventSource(`http://localhost:${port}/`);
      const event = await new Promise((resolve) => { source.onmessage = resolve; });
      source.close();
      assert.equal(event.data, 'one');
    });
  });
