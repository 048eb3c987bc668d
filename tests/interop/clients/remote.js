// A client in another language, driven by lines of JSON: {"text"}, {"binary": base64} and {"close"} go in; {"open"},
// {"text"}, {"binary"} and {"closed": {"code", "reason"}} come out.
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, extname, join} from 'node:path';
import {createInterface} from 'node:readline';

/** Why the program `words` cannot run here; undefined where it can. */
export function missing(words, probe) {
  const line = [...words, ...probe];
  const found = spawnSync(line[0], line.slice(1), {encoding: 'utf8'});
  return found.status === 0 ? undefined : `${line.join(' ')}: ${found.error ?? found.stderr.trim()}`;
}

/** {words} of a program that `compiler` makes out of the source in this folder, or {skip}, why it cannot. */
export function built(compiler, source, options = [], env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'wsinetd-client-'));
  process.once('exit', () => rmSync(folder, {recursive: true}));
  const program = join(folder, basename(source, extname(source)));
  const line = [...compiler, '-o', program, new URL(source, import.meta.url).pathname, ...options];
  const made = spawnSync(line[0], line.slice(1), {encoding: 'utf8', env: {...process.env, ...env}});
  if (made.status === 0) return {words: [program]};
  return {skip: `${line.join(' ')}: ${made.error ?? made.stderr.trim()}`};
}

/** Debian keeps Go's libraries as sources, outside of modules. */
export const gorilla = () =>
  built(['go', 'build'], 'gorilla.go', [], {GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: ''});

export async function remote(words, url) {
  const child = spawn(words[0], [...words.slice(1), url], {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const read = async () => {
    const {value, done} = await lines.next();
    if (done) throw new Error(`${words.join(' ')} ended`);
    return JSON.parse(value);
  };
  if (!(await read()).open) throw new Error(`${words.join(' ')} did not connect`);
  let end;
  const closed = new Promise((resolve) => { end = resolve; });
  const write = (message) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const next = async () => {
    const message = await read();
    if (message.closed) {
      end(message.closed);
      child.kill();  // it may still wait for an order
      throw new Error(`closed with ${JSON.stringify(message.closed)} instead of a message`);
    }
    return message.text ?? Buffer.from(message.binary, 'base64');
  };
  return {
    send: (data) => write(typeof data === 'string' ? {text: data} : {binary: data.toString('base64')}),
    next,
    close: (code, reason) => write({close: {code, reason}}),
    get closed() {
      next().catch(() => {});
      return closed;
    },
  };
}
