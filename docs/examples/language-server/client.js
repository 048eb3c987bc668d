#!/usr/bin/env node
// Asks a language server at a WebSocket what it knows about a place in a file:
//   ./client.js ws://localhost:8080/ shellscript deploy.sh LINE COLUMN    (both from 0)
import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

import {createWebSocketConnection, toSocket} from 'vscode-ws-jsonrpc';
import {WebSocket} from 'ws';

const [url, languageId, file, line, character] = process.argv.slice(2);
const uri = pathToFileURL(resolve(file)).href;

const socket = new WebSocket(url);
await new Promise((opened, failed) => socket.once('open', opened).once('error', failed));
const closed = new Promise((done) => socket.once('close', done));
const server = createWebSocketConnection(toSocket(socket), console);
server.listen();

await server.sendRequest('initialize', {processId: null, rootUri: null, capabilities: {}});
await server.sendNotification('initialized', {});
await server.sendNotification('textDocument/didOpen',
  {textDocument: {uri, languageId, version: 1, text: readFileSync(file, 'utf8')}});
const hover = await server.sendRequest('textDocument/hover',
  {textDocument: {uri}, position: {line: Number(line), character: Number(character)}});
console.log(hover?.contents.value ?? 'nothing');
await server.sendRequest('shutdown');
await server.sendNotification('exit');
console.log(`closed with ${await closed}`);
