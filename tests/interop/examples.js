// The files of docs/examples find their packages from there, not from here: node is told where to look.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, mkdtempSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export const modules = new URL('./node_modules', import.meta.url).pathname;

/** A copy of docs/examples/NAME, with the packages its page says to install, until the test ends. */
export function example(t, name) {
  const folder = mkdtempSync(join(tmpdir(), 'wsinetd-example-'));
  t.after(() => rmSync(folder, {recursive: true}));
  cpSync(new URL(`../../docs/examples/${name}`, import.meta.url).pathname, join(folder, name), {recursive: true});
  symlinkSync(modules, join(folder, 'node_modules'));
  return join(folder, name);
}

/** What a program prints until it ends, which it must do with status 0. */
export async function output(...words) {
  const child = spawn(words[0], words.slice(1), {stdio: ['ignore', 'pipe', 'inherit']});
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => { text += more; });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${text}`);
  return text;
}
