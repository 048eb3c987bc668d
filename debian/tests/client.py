"""A client for the tests: connects, sends the messages, prints what comes, then the close code.

    client.py URL [MESSAGE]...

CLIENT_CA names the file of the certificate to trust.
"""

import os
import struct
import sys

from websocket import ABNF, create_connection

url, *messages = sys.argv[1:]
connection = create_connection(url, timeout=30, sslopt={"ca_certs": os.environ.get("CLIENT_CA")})
for message in messages:
    connection.send(message)
while True:
    opcode, data = connection.recv_data(control_frame=True)
    if opcode == ABNF.OPCODE_CLOSE:
        print("closed:", struct.unpack("!H", data[:2])[0] if len(data) >= 2 else "without a code")
        break
    if opcode == ABNF.OPCODE_TEXT:
        print(data.decode(), flush=True)
        if messages:
            messages.pop()
            if not messages:
                connection.send_close()
