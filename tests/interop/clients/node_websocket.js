// Node's own WebSocket, the same interface as a browser's, driven as remote.js says.
import {createInterface} from 'node:readline';

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const socket = new WebSocket(process.argv[2]);
socket.binaryType = 'arraybuffer';
socket.onopen = () => tell({open: true});
socket.onmessage = ({data}) =>
  tell(typeof data === 'string' ? {text: data} : {binary: Buffer.from(data).toString('base64')});
socket.onclose = ({code, reason}) => tell({closed: {code, reason}});

createInterface(process.stdin).on('line', (line) => {
  const order = JSON.parse(line);
  if (order.text !== undefined) socket.send(order.text);
  else if (order.binary !== undefined) socket.send(Buffer.from(order.binary, 'base64'));
  else socket.close(order.close.code, order.close.reason);
});
