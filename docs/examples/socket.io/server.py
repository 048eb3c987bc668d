#!/usr/bin/env python3
"""A chat for Socket.IO clients: Engine.IO's protocol 4 and Socket.IO's protocol 5 as lines. See README.md."""
import asyncio
import json
import os
import pathlib
import re
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from session import Room, lines, send

PING_INTERVAL = float(os.environ.get("PING_INTERVAL", "25"))
PING_TIMEOUT = 20.0

# Engine.IO's packets begin with their type: 0 open, 1 close, 2 ping, 3 pong, 4 message. Socket.IO's are its messages:
# a type, a namespace and a comma unless it is "/", the number of an acknowledgement, and JSON. (5 and 6 are events and
# acknowledgements with binary attachments, which do not go through lines.)
PACKET = re.compile(r"(?P<type>[0-4])(?:(?P<namespace>/[^,]*),?)?(?P<id>[0-9]+)?(?P<data>.*)", re.DOTALL)
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = range(5)


def send_packet(kind, namespace, data=None, number=""):
    prefix = "" if namespace == "/" else f"{namespace},"
    send(f"4{kind}{prefix}{number}{'' if data is None else json.dumps(data, ensure_ascii=False)}")


class Server:
    def __init__(self):
        self.namespaces = set()  # that this client has entered
        self.pong = asyncio.Event()

    def heard(self, line):
        """What somebody said, here or in another session."""
        if "/" in self.namespaces:
            send_packet(EVENT, "/", ["said", json.loads(line)])

    async def ping(self):
        while True:
            await asyncio.sleep(PING_INTERVAL)
            self.pong.clear()
            send("2")
            await asyncio.wait_for(self.pong.wait(), PING_TIMEOUT)

    def connect(self, namespace, auth):
        if namespace not in ("/", "/admin"):
            return send_packet(CONNECT_ERROR, namespace, {"message": "Invalid namespace"})
        token = os.environ.get("ADMIN_TOKEN")
        if namespace == "/admin" and (not token or auth.get("token") != token):
            return send_packet(CONNECT_ERROR, namespace, {"message": "not authorized"})
        self.namespaces.add(namespace)
        send_packet(CONNECT, namespace, {"sid": uuid.uuid4().hex})

    def event(self, namespace, name, arguments):
        """Returns the arguments of the acknowledgement."""
        match name, arguments:
            case "hello", [who]:
                return [f"Hello, {who}!"]
            case "echo", _:
                return arguments
            case "say", [text]:
                self.room.tell(json.dumps(text))
                return ["ok"]
            case "kick", []:
                self.namespaces.discard(namespace)
                send_packet(DISCONNECT, namespace)
            case "exit", [int(status)]:
                sys.exit(status)
        return [{"error": f"no event {name} with {len(arguments)} arguments"}]

    def packet(self, kind, namespace, number, data):
        if kind == CONNECT:
            self.connect(namespace, data or {})
        elif kind == DISCONNECT:
            self.namespaces.discard(namespace)
        elif kind == EVENT and namespace in self.namespaces:
            answer = self.event(namespace, data[0], data[1:])
            if number and namespace in self.namespaces:
                send_packet(ACK, namespace, answer, number)

    async def run(self):
        send("0" + json.dumps({"sid": uuid.uuid4().hex, "upgrades": [], "pingInterval": int(PING_INTERVAL * 1000),
                               "pingTimeout": int(PING_TIMEOUT * 1000), "maxPayload": 1_000_000}))
        async with Room(self.heard) as self.room:
            pings = asyncio.create_task(self.ping())
            pings.add_done_callback(lambda task: task.cancelled() or os._exit(1))  # no pong: the client is gone
            async for line in lines():
                if line.startswith("4") and (packet := PACKET.fullmatch(line[1:])):
                    kind, namespace, number, data = packet.groups()
                    self.packet(int(kind), namespace or "/", number, json.loads(data) if data else None)
                elif line == "3":
                    self.pong.set()
                elif line == "1":
                    break


asyncio.run(Server().run())
