// The program under test, on a free port, until the test ends.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';

const program = process.env.WSINETD ?? new URL('../../build/dev/wsinetd', import.meta.url).pathname;

const running = new Set();
process.once('exit', () => { for (const server of running) server.kill(); });
process.once('SIGTERM', () => process.exit(1));  // the file has taken too long

export async function serve(t, options, command) {
  const server = spawn(program, ['--port', '0', ...options, ...command], {stdio: ['ignore', 'ignore', 'pipe']});
  running.add(server);
  server.once('exit', () => running.delete(server));
  t.after(async () => {
    if (server.exitCode !== null) return;
    server.kill();
    await once(server, 'exit');
  });
  let log = '';
  for await (const text of server.stderr.setEncoding('utf8')) {
    log += text;
    const found = log.match(/listening on wss?:\/\/127\.0\.0\.1:(\d+)\//);
    if (!found) continue;
    server.stderr.destroy();  // nobody reads the rest, which the program must not mind
    return {port: Number(found[1]), url: `ws://localhost:${found[1]}/`};
  }
  assert.fail(`wsinetd ended:\n${log}`);
}
