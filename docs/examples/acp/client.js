#!/usr/bin/env node
// Asks an agent at a WebSocket: ./client.js ws://localhost:8080/ 'how do you do'
import {client, methods, PROTOCOL_VERSION} from '@agentclientprotocol/sdk';
import {createWebSocketStream} from '@agentclientprotocol/sdk/experimental/ws-client';
import {WebSocket} from 'ws';

const [url, text] = process.argv.slice(2);

await client({name: 'example'})
  .onNotification(methods.client.session.update, ({params: {update}}) => console.log(update.content.text))
  .connectWith(createWebSocketStream(url, {WebSocket}), async (agent) => {
    await agent.request(methods.agent.initialize, {protocolVersion: PROTOCOL_VERSION, clientCapabilities: {}});
    const {sessionId} = await agent.request(methods.agent.session.new, {cwd: process.cwd(), mcpServers: []});
    await agent.request(methods.agent.session.prompt, {sessionId, prompt: [{type: 'text', text}]});
  });
