#!/usr/bin/env python3
"""Channels and procedures for SocketCluster clients: its protocol 2 as lines. README.md says how to run it."""
import asyncio
import json
import os
import pathlib
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from session import Room, lines, send

PING_INTERVAL = float(os.environ.get("PING_INTERVAL", "8"))
PING_TIMEOUT = 20.0


class Refused(Exception):
    pass


class Server:
    def __init__(self):
        self.channels = set()
        self.pong = asyncio.Event()

    def heard(self, line):
        """What somebody has published, here or in another session."""
        data = json.loads(line)
        if data["channel"] in self.channels:
            send(json.dumps({"event": "#publish", "data": data}, ensure_ascii=False))

    async def ping(self):
        while True:
            await asyncio.sleep(PING_INTERVAL)
            self.pong.clear()
            send("")  # an empty line is an empty message: SocketCluster's ping, answered with another one
            await asyncio.wait_for(self.pong.wait(), PING_TIMEOUT)

    def call(self, event, data):
        """Returns the result, or raises Refused. Names that begin with # are SocketCluster's own."""
        match event, data:
            case "#handshake", _:
                return {"id": uuid.uuid4().hex, "pingTimeout": int(PING_TIMEOUT * 1000), "isAuthenticated": False}
            case "#subscribe", {"channel": str(channel)}:
                if channel.startswith("private:"):
                    raise Refused(f"{channel} is not for everybody")
                self.channels.add(channel)
            case "#unsubscribe", channel:
                self.channels.discard(channel)
            case "#publish", {"channel": str(channel), "data": payload}:
                self.room.tell(json.dumps({"channel": channel, "data": payload}))
            case "#removeAuthToken" | "#disconnect", _:
                pass
            case "greet", str(who):
                return f"Hello, {who}!"
            case "echo", _:
                return data
            case "exit", int(status):
                sys.exit(status)
            case _:
                raise Refused(f"there is no procedure {event} for that")

    def packet(self, packet):
        try:
            answer = {"data": self.call(packet["event"], packet.get("data"))}
        except Refused as why:
            answer = {"error": {"name": "Refused", "message": str(why)}}
        if "cid" in packet:  # transmitted, not invoked, without it
            send(json.dumps({"rid": packet["cid"], **answer}, ensure_ascii=False))

    async def run(self):
        async with Room(self.heard) as self.room:
            pings = asyncio.create_task(self.ping())
            pings.add_done_callback(lambda task: task.cancelled() or os._exit(1))  # no pong: the client is gone
            async for line in lines():
                if not line:
                    self.pong.set()
                    continue
                packets = json.loads(line)
                for packet in packets if isinstance(packets, list) else [packets]:  # a client may send several in one
                    self.packet(packet)


asyncio.run(Server().run())
