#!/usr/bin/env node
// Lists the tools of an MCP server at a WebSocket, and calls one:
//   ./client.js ws://localhost:8080/ [TOOL 'ARGUMENTS AS JSON']
import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {WebSocketClientTransport} from '@modelcontextprotocol/sdk/client/websocket.js';
import {WebSocket} from 'ws';

globalThis.WebSocket ??= WebSocket;  // Node has one of its own since version 22

const [url, tool, parameters = '{}'] = process.argv.slice(2);
const client = new Client({name: 'example', version: '1.0.0'});
await client.connect(new WebSocketClientTransport(new URL(url)));
if (tool) console.log((await client.callTool({name: tool, arguments: JSON.parse(parameters)})).content[0].text);
else for (const {name, description} of (await client.listTools()).tools) console.log(`${name}: ${description}`);
await client.close();
