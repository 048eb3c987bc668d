// Tools and other protocols beside the libraries.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {test} from 'node:test';

import EventSource from 'eventsource';

import {serve} from './server.js';

const long = {timeout: 30_000};

test('wscat sends what is typed, prints what comes, and tells the close', long, async (t) => {
  const {url} = await serve(t, ['--eof-message', 'quit'], ['sh', '-c', 'cat; exit 7']);
  const program = new URL('./node_modules/wscat/bin/wscat', import.meta.url).pathname;
  // It says nothing unless it is on a terminal, which script(1) gives it.
  const wscat = spawn('script', ['-qfec', `node ${program} --no-color -c ${url}`, '/dev/null'],
    {stdio: ['pipe', 'pipe', 'inherit']});
  let output = '';
  wscat.stdout.setEncoding('utf8');
  const until = async (text) => {
    while (!output.includes(text)) {
      const [more] = await once(wscat.stdout, 'data');
      output += more;
    }
  };
  await until('Connected');
  wscat.stdin.write('hello there\n');
  await until('< hello there');
  wscat.stdin.write('quit\n');
  await until('Disconnected');
  assert.match(output, /Disconnected \(code: 4007/);
  await once(wscat, 'exit');
});

test('eventsource gets each line, and the exit status as the last event', long, async (t) => {
  const {port} = await serve(t, [], ['sh', '-c', 'echo one; echo two; exit 3']);
  const events = [];
  const source = new EventSource(`http://localhost:${port}/`);
  await new Promise((resolve) => {
    source.onmessage = ({data, lastEventId}) => events.push([lastEventId, data]);
    source.addEventListener('close', ({data}) => {
      events.push(['close', data]);
      source.close();
      resolve();
    });
  });
  assert.deepEqual(events, [['1', 'one'], ['2', 'two'], ['close', '3']]);
});
