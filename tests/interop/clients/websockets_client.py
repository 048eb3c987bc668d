"""Python's websockets, driven as remote.js says."""
import asyncio
import base64
import json
import sys

import websockets


def tell(message):
    print(json.dumps(message), flush=True)


async def obey(socket):
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        if "text" in order:
            await socket.send(order["text"])
        elif "binary" in order:
            await socket.send(base64.b64decode(order["binary"]))
        else:
            await socket.close(order["close"]["code"], order["close"]["reason"])


async def main():
    async with websockets.connect(sys.argv[1], max_size=None) as socket:
        tell({"open": True})
        orders = asyncio.create_task(obey(socket))
        try:
            async for message in socket:
                text = isinstance(message, str)
                tell({"text": message} if text else {"binary": base64.b64encode(message).decode()})
        except websockets.ConnectionClosedError:
            pass
        tell({"closed": {"code": socket.close_code, "reason": socket.close_reason}})
        orders.cancel()


try:
    asyncio.run(main())
finally:
    sys.stdout.flush()
    import os
    os._exit(0)  # a thread still waits for stdin
