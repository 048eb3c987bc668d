#!/usr/bin/env python3
"""Channels for Phoenix clients: its V2 JSON messages as lines. README.md says how to run it."""
import asyncio
import json
import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from session import Room, lines, send


class Server:
    def __init__(self):
        self.joined = {}  # topic: the reference of its join
        self.parameters = dict(urllib.parse.parse_qsl(os.environ.get("QUERY_STRING", "")))

    def push(self, topic, event, payload, join_ref=None, ref=None):
        send(json.dumps([join_ref, ref, topic, event, payload], ensure_ascii=False))

    def heard(self, line):
        """What somebody has broadcast, here or in another session."""
        topic, event, payload = json.loads(line)
        if topic in self.joined:
            self.push(topic, event, payload)

    def join(self, topic, _):
        if topic.startswith("room:") or topic.startswith("private:") and self.parameters.get("token") == "sesame":
            return "ok", {"topic": topic}
        return "error", {"reason": "unauthorized"}

    def event(self, topic, event, payload):
        """Returns the status and the response of the reply."""
        match event, payload:
            case "shout", {"body": str(body)}:
                self.room.tell(json.dumps([topic, "shout", {"body": body, "from": os.environ.get("UNIQUE_ID")}]))
                return "ok", {}
            case "echo", _:
                return "ok", payload
            case "exit", {"status": int(status)}:
                sys.exit(status)
        return "error", {"reason": f"no event {event} with that payload"}

    def message(self, join_ref, ref, topic, event, payload):
        def reply(status, response):
            self.push(topic, "phx_reply", {"status": status, "response": response}, join_ref, ref)

        if (topic, event) == ("phoenix", "heartbeat"):
            reply("ok", {})
        elif event == "phx_join":
            status, response = self.join(topic, payload)
            if status == "ok":
                self.joined[topic] = join_ref
            reply(status, response)
        elif self.joined.get(topic) != join_ref:  # never joined, or a join that another one has replaced
            reply("error", {"reason": "unmatched topic"})
        elif event == "phx_leave":
            del self.joined[topic]
            reply("ok", {})
            self.push(topic, "phx_close", {}, join_ref, join_ref)
        else:
            reply(*self.event(topic, event, payload))

    async def run(self):
        async with Room(self.heard) as self.room:
            async for line in lines():
                self.message(*json.loads(line))


asyncio.run(Server().run())
