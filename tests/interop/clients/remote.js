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

/** How libwebsockets.c says the same without JSON: a letter, and base64. */
export const letters = {
  parse: (line) => {
    const bytes = Buffer.from(line.slice(1), 'base64');
    switch (line[0]) {
    case 'o': return {open: true};
    case 't': return {text: bytes.toString()};
    case 'b': return {binary: line.slice(1)};
    default: return {closed: {code: bytes.length < 2 ? 1005 : bytes.readUInt16BE(), reason: bytes.toString('utf8', 2)}};
    }
  },
  stringify: ({text, binary, close}) => {
    if (text !== undefined) return `t${Buffer.from(text).toString('base64')}`;
    if (binary !== undefined) return `b${binary}`;
    return `c${Buffer.from([close.code >> 8, close.code & 0xff, ...Buffer.from(close.reason)]).toString('base64')}`;
  },
};

export const libwebsockets = () => built(['cc', '-O1', '-Wall'], 'libwebsockets.c', ['-lwebsockets', '-pthread']);

export async function remote(words, url, language = JSON) {
  const child = spawn(words[0], [...words.slice(1), url], {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const read = async () => {
    const {value, done} = await lines.next();
    if (done) throw new Error(`${words.join(' ')} ended`);
    return language.parse(value);
  };
  if (!(await read()).open) throw new Error(`${words.join(' ')} did not connect`);
  let end;
  const closed = new Promise((resolve) => { end = resolve; });
  const write = (message) => child.stdin.write(`${language.stringify(message)}\n`);
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
