// Stands between a client and a server, passes everything on, and notes what the frames looked like.
import {once} from 'node:events';
import {connect, createServer} from 'node:net';

/** Heads and frames of one direction: {opcode, compressed, final}, whatever pieces they come in (RFC 6455, 5.2). */
class Watch {
  head = '';
  frames = [];
  #bytes = Buffer.alloc(0);
  #skip = 0;

  add(more) {
    this.#bytes = Buffer.concat([this.#bytes, more]);
    if (this.head === '') {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.#bytes.toString('latin1', 0, end);
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    for (;;) {
      const skipped = Math.min(this.#skip, this.#bytes.length);
      this.#skip -= skipped;
      this.#bytes = this.#bytes.subarray(skipped);
      if (this.#bytes.length < 2) return;
      const [first, second] = this.#bytes;
      const short = second & 0x7f;
      const header = 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0);
      if (this.#bytes.length < header) return;
      const length = short === 127 ? Number(this.#bytes.readBigUInt64BE(2)) :
        short === 126 ? this.#bytes.readUInt16BE(2) : short;
      this.frames.push({opcode: first & 0xf, compressed: (first & 0x40) !== 0, final: (first & 0x80) !== 0});
      this.#skip = header + length;
    }
  }
}

/** For one connection, until the test ends. */
export async function tap(t, port) {
  const toServer = new Watch();
  const toClient = new Watch();
  const sockets = [];
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    sockets.push(client, upstream);
    client.on('data', (data) => toServer.add(data)).on('error', () => upstream.destroy());
    upstream.on('data', (data) => toClient.add(data)).on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {url: `ws://localhost:${server.address().port}/`, toServer, toClient};
}

/** The extension agreed on, or none. */
export const extension = ({head}) => head.match(/^sec-websocket-extensions: *(.*)$/im)?.[1];
