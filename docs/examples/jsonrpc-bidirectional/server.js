#!/usr/bin/env node
// JSON-RPC 2.0 in both directions: the client calls the methods below, and they may call the client's.
// README.md says how to run it. Messages end with a NUL byte, for those of this client are JSON on several lines.
'use strict';

class Failure extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const methods = {
  greet: (name) => `Hello, ${name}!`,
  add: (a, b) => a + b,
  echo: (value) => value,
  greetMe: async (title) => `Hello, ${title} ${await call('name')}!`,
  fail: () => { throw new Failure(42, 'as you wish'); },
  exit: (status) => process.exit(status),
};

const calls = new Map();  // what was asked of the client, by number

function send(message) {
  process.stdout.write(`${JSON.stringify({jsonrpc: '2.0', ...message})}\0`);
}

function call(method, ...params) {
  const id = calls.size + 1;
  send({id, method, params});
  return new Promise((resolve, reject) => calls.set(id, {resolve, reject}));
}

async function answer({id, method, params = []}) {
  let outcome;
  try {
    if (!Object.hasOwn(methods, method)) throw new Failure(-32601, `There is no method ${method}.`);
    outcome = {result: (await methods[method](...params)) ?? null};
  } catch (error) {
    outcome = {error: {code: Number.isInteger(error.code) ? error.code : -32603, message: error.message}};
  }
  if (id !== undefined) send({id, ...outcome});  // a notification has no id, and gets no answer
}

function receive(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch (error) {
    return send({id: null, error: {code: -32700, message: error.message}});
  }
  if (typeof message?.method === 'string') return answer(message);
  const asked = calls.get(message?.id);
  if (!asked) return send({id: null, error: {code: -32600, message: 'That is neither a request nor an answer.'}});
  if (message.error) asked.reject(new Failure(message.error.code, message.error.message));
  else asked.resolve(message.result);
}

let unfinished = '';
process.stdin.setEncoding('utf8').on('data', (text) => {
  const messages = text.split('\0');
  messages[0] = unfinished + messages[0];
  unfinished = messages.pop();
  messages.forEach(receive);
}).on('end', () => process.exit());  // even if the client owes an answer
