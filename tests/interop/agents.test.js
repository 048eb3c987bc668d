// Agents: servers of MCP and agents of ACP, made for stdin and stdout, used by their own clients over a WebSocket.
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {describe, test} from 'node:test';

import {client as acpClient, methods, PROTOCOL_VERSION} from '@agentclientprotocol/sdk';
import {createWebSocketStream} from '@agentclientprotocol/sdk/experimental/ws-client';
import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {WebSocketClientTransport} from '@modelcontextprotocol/sdk/client/websocket.js';
import {WebSocket} from 'ws';

import {example, modules, output} from './examples.js';
import {serve} from './server.js';

const long = {timeout: 60_000};
const everything = join(modules, '@modelcontextprotocol/server-everything/dist/index.js');
const withBanner = ['sh', '-c', `echo 'Everything, at your service'; exec node ${everything}`];
const mcp = ['--framing', 'jsonl', '--subprotocol', 'mcp'];

describe('MCP', () => {
  test("the SDK's client lists tools and calls them, and no banner gets to it", long, async (t) => {
    const seen = [];
    globalThis.WebSocket = class extends WebSocket {  // the transport takes the platform's
      constructor(...words) {
        super(...words);
        this.on('message', (data) => seen.push(data.toString()));
      }
    };
    const {url} = await serve(t, mcp, withBanner);
    const client = new Client({name: 'interop', version: '1.0.0'});
    const transport = new WebSocketClientTransport(new URL(url));
    client.onerror = (error) => assert.fail(error);
    await client.connect(transport);
    assert.equal(transport._socket.protocol, 'mcp');
    assert.match(client.getServerVersion().name, /everything/);
    const {tools} = await client.listTools();
    assert.ok(tools.some(({name}) => name === 'echo'));
    for (const message of ['hello', 'grüß Gott, 你好 😀', 'two\nlines', 'x'.repeat(500_000)]) {
      const {content} = await client.callTool({name: 'echo', arguments: {message}});
      assert.equal(content[0].text, `Echo: ${message}`);
    }
    for (const message of seen) assert.equal(JSON.parse(message).jsonrpc, '2.0');
    assert.ok(seen.length >= 6);
    await client.close();
  });

  test('the example lists tools, and calls one', long, async (t) => {
    const program = join(example(t, 'mcp'), 'client.js');
    const {url} = await serve(t, mcp, withBanner);
    assert.match(await output('node', program, url), /^echo: /m);
    assert.match(await output('node', program, url, 'echo', '{"message": "hello"}'), /^Echo: hello$/m);
  });
});

describe('ACP', () => {
  const acp = ['--framing', 'jsonl', '--header-ws', 'Acp-Connection-Id: {unique-id}'];

  test("the SDK's client initializes, opens a session and prompts, and is told an id on the 101", long, async (t) => {
    const {url} = await serve(t, acp, ['node', join(example(t, 'acp'), 'agent.js')]);
    const ids = [];
    const codes = [];
    class Watched extends WebSocket {
      constructor(...words) {
        super(...words);
        this.on('upgrade', ({headers}) => ids.push(headers['acp-connection-id']));
        this.on('message', (data) => codes.push(JSON.parse(data).jsonrpc));
      }
    }
    const ask = async (text) => {
      const words = [];
      await acpClient({name: 'interop'})
        .onNotification(methods.client.session.update, ({params: {update}}) => words.push(update.content.text))
        .connectWith(createWebSocketStream(url, {WebSocket: Watched}), async (agent) => {
          const {protocolVersion} = await agent.request(methods.agent.initialize,
            {protocolVersion: PROTOCOL_VERSION, clientCapabilities: {}});
          assert.equal(protocolVersion, PROTOCOL_VERSION);
          const {sessionId} = await agent.request(methods.agent.session.new, {cwd: '/', mcpServers: []});
          const {stopReason} = await agent.request(methods.agent.session.prompt,
            {sessionId, prompt: [{type: 'text', text}]});
          assert.equal(stopReason, 'end_turn');
        });
      return words;
    };
    assert.deepEqual(await ask('how do you do'), ['how', 'do', 'you', 'do']);
    assert.deepEqual(await ask('grüß Gott, 你好 😀'), ['grüß', 'Gott,', '你好', '😀']);
    assert.ok(codes.every((version) => version === '2.0'));
    assert.equal(ids.length, 2);
    for (const id of ids) assert.match(id, /^\S{8,}$/);
    assert.notEqual(ids[0], ids[1]);
  });

  test('the example asks the example', long, async (t) => {
    const folder = example(t, 'acp');
    const {url} = await serve(t, acp, ['node', join(folder, 'agent.js')]);
    assert.equal(await output('node', join(folder, 'client.js'), url, 'how do you do'), 'how\ndo\nyou\ndo\n');
  });
});
