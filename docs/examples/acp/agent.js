#!/usr/bin/env node
// An agent of the Agent Client Protocol, the least there is: it says back what it is asked, word by word.
import {Readable, Writable} from 'node:stream';

import {agent, methods, ndJsonStream, PROTOCOL_VERSION} from '@agentclientprotocol/sdk';

console.log('example agent, ready');  // a banner: --framing jsonl keeps it from the client

const sessions = new Set();

agent({name: 'example'})
  .onRequest(methods.agent.initialize, () => ({protocolVersion: PROTOCOL_VERSION, agentCapabilities: {}}))
  .onRequest(methods.agent.session.new, () => {
    const sessionId = `session-${sessions.size + 1}`;
    sessions.add(sessionId);
    return {sessionId};
  })
  .onRequest(methods.agent.session.prompt, async ({params: {sessionId, prompt}, client}) => {
    if (!sessions.has(sessionId)) throw new Error(`no session ${sessionId}`);
    for (const {text} of prompt.filter(({type}) => type === 'text'))
      for (const word of text.split(' '))
        await client.notify(methods.client.session.update,
          {sessionId, update: {sessionUpdate: 'agent_message_chunk', content: {type: 'text', text: word}}});
    return {stopReason: 'end_turn'};
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
