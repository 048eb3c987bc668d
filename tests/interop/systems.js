// What the tests of the systems that MDN's page on the WebSocket API names have in common. Each has its own client talk
// to the program that docs/examples has for it, served with the command line that README.md beside it gives.
import {readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

import {serve} from './server.js';

export const long = {timeout: 30_000};
export const unicode = 'aé€😀 \u2028 "\\" \n\u0000\u0001z';
export const megabyte = 'x'.repeat(2 ** 20);
/** Room for what a protocol puts around a megabyte. */
export const roomy = ['--max-message-size', '2MiB'];

const example = (path) => new URL(`../../docs/examples/${path}`, import.meta.url).pathname;

/** The first command line of a README, but for the port: options, and the command at the end. */
function commandLine(name) {
  const text = readFileSync(example(`${name}/README.md`), 'utf8').replaceAll('\\\n', '');
  const [, all] = text.match(/^ {4}wsinetd --port 8080 (.*)$/m);
  return all.replaceAll('docs/examples/', example('')).split(/ +/);
}

/** The example, until the clients of the test have been closed: most would rather connect again than see it go. */
export async function serveExample(t, name, options = []) {
  t.after(async () => {
    const patience = sleep(5_000, undefined, {ref: false});  // a client that has lost its server would wait for ever
    for (const close of closing.get(t) ?? []) await Promise.race([close(), patience]);
  });
  const room = await mkdtemp(join(tmpdir(), 'wsinetd-room-'));
  t.after(() => rm(room, {recursive: true, force: true}));
  const line = commandLine(name).map((word) => word.replace(/^ROOM=.*/, `ROOM=${room}`));
  const all = [...line.slice(0, -1), '--env', 'PYTHONDONTWRITEBYTECODE=1', ...options];
  return {room, ...await serve(t, all, line.slice(-1))};
}
const closing = new WeakMap();
export function atTheEnd(t, close) {
  closing.set(t, [...closing.get(t) ?? [], close]);
}

/** What comes, for who asks one at a time. */
export class Queue {
  #items = [];
  #waiting = [];
  put = (item) => {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(item);
    else this.#items.push(item);
  };
  next = () => new Promise((resolve) => {
    if (this.#items.length > 0) resolve(this.#items.shift());
    else this.#waiting.push(resolve);
  });
}
