// Clients that run in this process. Each connects and gives the same few words: send, next, ping, close, closed.
import faye from 'faye-websocket';
import websocket from 'websocket';
import {WebSocket} from 'ws';

/** Messages and the end of a connection, in the order they come, for who asks one at a time. */
class Inbox {
  #messages = [];
  #waiting = [];
  closed = new Promise((resolve) => { this.end = resolve; });

  put(message) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(message);
    else this.#messages.push(message);
  }
  next() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    return Promise.race([
      new Promise((resolve) => this.#waiting.push(resolve)),
      this.closed.then((how) => Promise.reject(new Error(`closed with ${JSON.stringify(how)} instead of a message`))),
    ]);
  }
}

/** ws: the one most servers and tools of Node use. */
export async function ws(url, options = {}) {
  const inbox = new Inbox();
  const socket = new WebSocket(url, options);
  socket.on('message', (data, binary) => inbox.put(binary ? data : data.toString()));
  socket.on('close', (code, reason) => inbox.end({code, reason: reason.toString()}));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    send: (data) => socket.send(data),
    next: () => inbox.next(),
    ping: (data) => new Promise((resolve) => {
      socket.once('pong', (echo) => resolve(echo.toString()));
      socket.ping(data);
    }),
    close: (code, reason) => socket.close(code, reason),
    closed: inbox.closed,
  };
}

/** websocket: cuts what is longer than the threshold into fragments. */
export async function websocketNode(url, options = {fragmentationThreshold: 100}) {
  const inbox = new Inbox();
  const client = new websocket.client(options);
  const connection = await new Promise((resolve, reject) => {
    // At once, for a message may have come with the 101.
    client.on('connect', (connected) => {
      connected.on('message', ({type, utf8Data, binaryData}) => inbox.put(type === 'utf8' ? utf8Data : binaryData));
      connected.on('close', (code, reason) => inbox.end({code, reason}));
      resolve(connected);
    });
    client.on('connectFailed', reject);
    client.connect(url);
  });
  return {
    send: (data) => connection.send(data),
    next: () => inbox.next(),
    close: (code, reason) => connection.close(code, reason),
    closed: inbox.closed,
  };
}

/** faye-websocket: what Faye and many older servers are built on. */
export async function fayeWebsocket(url, options = {}) {
  const inbox = new Inbox();
  const socket = new faye.Client(url, [], options);
  socket.on('message', (event) => inbox.put(event.data));
  socket.on('close', (event) => inbox.end({code: event.code, reason: event.reason}));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return {
    send: (data) => socket.send(data),
    next: () => inbox.next(),
    close: (code, reason) => socket.close(code, reason),
    closed: inbox.closed,
  };
}
