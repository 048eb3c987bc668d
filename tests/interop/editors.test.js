// Editors: a language server behind a WebSocket, used by the library that editors in a page use.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {createWebSocketConnection, toSocket} from 'vscode-ws-jsonrpc';
import {WebSocket} from 'ws';

import {missing} from './clients/remote.js';
import {example, modules, output} from './examples.js';
import {serve} from './server.js';

const long = {timeout: 60_000};
const bash = ['node', join(modules, 'bash-language-server/out/cli.js'), 'start'];

const servers = [
  {name: 'bash-language-server', command: bash, languageId: 'shellscript', uri: 'file:///greet.sh',
    text: '# Says hello, in any language: grüß Gott, 你好 😀\ngreet() { echo "hello $1"; }\ngreet world\n',
    position: {line: 2, character: 1}, hover: /grüß Gott, 你好 😀/},
  {name: 'clangd', command: ['clangd', '--background-index=false', '--log=error'], languageId: 'cpp',
    uri: 'file:///greet.cpp', text: '/// Says grüß Gott, 你好 😀\nint greet(int times);\nint a = greet(1);\n',
    position: {line: 2, character: 9}, hover: /grüß Gott, 你好 😀/, skip: missing(['clangd'], ['--version'])},
];

for (const {name, command, languageId, uri, text, position, hover, skip} of servers) {
  for (const options of [[], ['--compress']])
    test(`${name} opens, hovers, shuts down and closes with 1000${options.map((o) => `, with ${o}`)}`, {...long, skip}, async (t) => {
      const {url} = await serve(t, ['--framing', 'content-length', ...options], command);
      const socket = new WebSocket(url);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      assert.equal(socket.extensions, '');  // the length of a message comes first, so none is compressed
      const closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
      const server = createWebSocketConnection(toSocket(socket), console);
      server.onError(([error]) => assert.fail(error));
      server.listen();

      const {capabilities} = await server.sendRequest('initialize',
        {processId: null, rootUri: null, capabilities: {textDocument: {hover: {contentFormat: ['plaintext']}}}});
      assert.ok(capabilities.hoverProvider);
      await server.sendNotification('initialized', {});
      await server.sendNotification('textDocument/didOpen', {textDocument: {uri, languageId, version: 1, text}});
      const found = await server.sendRequest('textDocument/hover', {textDocument: {uri}, position});
      assert.match(JSON.stringify(found.contents), hover);
      assert.equal(await server.sendRequest('shutdown'), null);
      await server.sendNotification('exit');
      assert.equal(await closed, 1000);
    });
}

test('the example hovers over what bash-language-server knows', long, async (t) => {
  const folder = example(t, 'language-server');
  const file = join(folder, 'greet.sh');
  writeFileSync(file, '# Says hello.\ngreet() { echo hello; }\n\ngreet\n');
  const {url} = await serve(t, ['--framing', 'content-length', '--stderr', 'discard'], bash);
  const text = await output('node', join(folder, 'client.js'), url, 'shellscript', file, '3', '1');
  assert.match(text, /Says hello\.[^]*closed with 1000\n$/);
});
