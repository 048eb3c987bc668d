#!/usr/bin/env python3
"""Channels for Faye clients: the Bayeux protocol over WebSocket, as lines. README.md says how to run it."""
import asyncio
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from session import Room, lines, send

TIMEOUT = float(os.environ.get("CONNECT_TIMEOUT", "25"))  # how long /meta/connect waits for its answer, in seconds
SLACK = 5  # seconds that an answer may be late, for a program has to start before it
ADVICE = {"reconnect": "retry", "interval": 0, "timeout": int((TIMEOUT + SLACK) * 1000)}
CHANNEL = re.compile(r"(/[A-Za-z0-9_!~()$@.-]+)+")


def matches(pattern, channel):
    """/chat/* is everything one level below /chat, /chat/** everything below."""
    wild = re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", "[^/]+")
    return re.fullmatch(wild, channel) is not None


def send_answer(answer):
    send(json.dumps([answer], ensure_ascii=False))


def file_of(client):
    """What is known of a client: its subscriptions. It outlives the session, so that the next one can go on."""
    name = client if re.fullmatch("[0-9a-f]{32}", str(client)) else "unknown"  # and not ../../somewhere
    return pathlib.Path(os.environ["ROOM"], f"{name}.client")


def save(client, subscriptions):
    unfinished = file_of(client).with_suffix(".new")
    unfinished.write_text(json.dumps(sorted(subscriptions)))
    unfinished.rename(file_of(client))


class Server:
    def __init__(self):
        self.subscriptions = set()
        self.waiting = set()  # a task for each /meta/connect

    def heard(self, line):
        """What somebody has published, here or in another session."""
        message = json.loads(line)
        if any(matches(pattern, message["channel"]) for pattern in self.subscriptions):
            send(json.dumps([message], ensure_ascii=False))

    async def connect(self, answer):
        await asyncio.sleep(TIMEOUT)
        send_answer(answer)

    def message(self, message):
        """Returns what is added to the answer; None if that comes later."""
        channel, client = message["channel"], message.get("clientId")
        try:
            self.subscriptions = set(json.loads(file_of(client).read_text()))
        except FileNotFoundError:
            advice = {"advice": {"reconnect": "handshake", "interval": 0}} if channel == "/meta/connect" else {}
            return {"successful": False, "error": f"401:{client}:Unknown client", **advice}
        answer = {"successful": True, "clientId": client}
        match channel:
            case "/meta/connect":
                file_of(client).touch()
                answer |= {"channel": channel, "id": message.get("id"), "advice": ADVICE}
                task = asyncio.create_task(self.connect(answer))
                self.waiting.add(task)
                task.add_done_callback(self.waiting.discard)
                return None
            case "/meta/disconnect":
                self.subscriptions.clear()
                file_of(client).unlink()
            case "/meta/subscribe" | "/meta/unsubscribe":
                patterns = message["subscription"]
                patterns = set(patterns if isinstance(patterns, list) else [patterns])
                answer["subscription"] = message["subscription"]
                if channel == "/meta/unsubscribe":
                    self.subscriptions -= patterns
                elif any(pattern.startswith(("/meta/", "/service/", "/private/")) for pattern in patterns):
                    answer |= {"successful": False, "error": f"403:{','.join(patterns)}:Forbidden channel"}
                else:
                    self.subscriptions |= patterns
                save(client, self.subscriptions)
            case "/service/exit":  # what is published to /service/ is for the server alone
                send_answer({"channel": channel, "id": message.get("id"), **answer})  # or it would be sent again
                sys.exit(int(message["data"]))
            case _ if channel.startswith("/meta/") or not CHANNEL.fullmatch(channel):
                answer |= {"successful": False, "error": f"405:{channel}:Invalid channel"}
            case _:
                self.room.tell(json.dumps({"channel": channel, "data": message["data"]}))
        return answer

    async def run(self):
        async with Room(self.heard) as self.room:
            async for line in lines():
                for message in json.loads(line):
                    if (answer := self.message(message)) is not None:
                        send_answer({"channel": message["channel"], "id": message.get("id"), **answer})


if __name__ == "__main__":
    asyncio.run(Server().run())
