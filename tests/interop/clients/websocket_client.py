"""Python's websocket-client, driven as remote.js says."""
import base64
import json
import os
import struct
import sys
import threading

import websocket


def tell(message):
    print(json.dumps(message), flush=True)


def obey(socket):
    for line in sys.stdin:
        order = json.loads(line)
        if "text" in order:
            socket.send(order["text"])
        elif "binary" in order:
            socket.send_binary(base64.b64decode(order["binary"]))
        else:
            code = struct.pack("!H", order["close"]["code"])
            socket.send(code + order["close"]["reason"].encode(), websocket.ABNF.OPCODE_CLOSE)


socket = websocket.create_connection(sys.argv[1])
tell({"open": True})
threading.Thread(target=obey, args=[socket], daemon=True).start()
while True:
    opcode, data = socket.recv_data()
    if opcode == websocket.ABNF.OPCODE_TEXT:
        tell({"text": data.decode()})
    elif opcode == websocket.ABNF.OPCODE_BINARY:
        tell({"binary": base64.b64encode(data).decode()})
    elif opcode == websocket.ABNF.OPCODE_CLOSE:
        code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005
        tell({"closed": {"code": code, "reason": data[2:].decode()}})
        os._exit(0)
