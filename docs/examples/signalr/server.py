#!/usr/bin/env python3
"""A hub for SignalR clients: its JSON hub protocol as lines. README.md says how to run it."""
import asyncio
import itertools
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from session import Room, lines, send

PING_INTERVAL = float(os.environ.get("PING_INTERVAL", "15"))
INVOCATION, STREAM_ITEM, COMPLETION, STREAM_INVOCATION, CANCEL_INVOCATION, PING, CLOSE = range(1, 8)


def send_record(**record):
    send(json.dumps(record, ensure_ascii=False) + "\x1e")  # each record ends with a separator of its own


class Hub:
    """Its methods, with a capital letter, are what a client can invoke. A generator is a stream."""

    def __init__(self):
        self.tasks, self.uploads, self.questions = {}, {}, {}
        self.numbers = itertools.count()
        self.ready = False

    def heard(self, line):
        """What somebody said, here or in another session."""
        if self.ready:
            send_record(type=INVOCATION, target="said", arguments=[json.loads(line)])

    async def Greet(self, name):
        return f"Hello, {name}!"

    async def Echo(self, value):
        return value

    async def Say(self, text):
        self.room.tell(json.dumps(text))

    async def Count(self, last, milliseconds):
        for number in range(1, last + 1):
            if number > 1:
                await asyncio.sleep(milliseconds / 1000)
            yield number

    async def Sum(self, stream):
        """A stream from the client: a queue that ends with None."""
        total = 0
        while (item := await stream.get()) is not None:
            total += item[0]
        return total

    async def GreetMe(self):
        """Asks the client for a result before it has one of its own."""
        number = f"server-{next(self.numbers)}"
        answer = self.questions[number] = asyncio.get_running_loop().create_future()
        send_record(type=INVOCATION, invocationId=number, target="name", arguments=[])
        return f"Hello, {await answer}!"

    async def Exit(self, status):
        sys.stdout.flush()
        os._exit(status)

    async def invoke(self, record, uploads):
        number, error, result = record.get("invocationId"), None, None
        try:
            name = record["target"]
            if not name[:1].isupper() or not hasattr(self, name):
                raise ValueError(f"there is no method {name}")
            answer = getattr(self, name)(*record["arguments"], *uploads)
            if record["type"] == STREAM_INVOCATION:
                async for item in answer:
                    send_record(type=STREAM_ITEM, invocationId=number, item=item)
            else:
                result = await answer
        except Exception as why:
            error = f"{type(why).__name__}: {why}"
        if number is not None:
            outcome = {"error": error} if error else {} if result is None else {"result": result}
            send_record(type=COMPLETION, invocationId=number, **outcome)

    def record(self, record):
        number = record.get("invocationId")
        match record["type"]:
            case 1 | 4:  # INVOCATION, STREAM_INVOCATION: side by side, so that one can be cancelled
                uploads = [self.uploads.setdefault(stream, asyncio.Queue()) for stream in record.get("streamIds", [])]
                task = asyncio.create_task(self.invoke(record, uploads))
                self.tasks[number or id(task)] = task
                task.add_done_callback(lambda _: self.tasks.pop(number or id(task), None))
            case 2 if number in self.uploads:  # STREAM_ITEM
                self.uploads[number].put_nowait([record["item"]])
            case 3 if number in self.uploads:  # COMPLETION
                self.uploads.pop(number).put_nowait(None)
            case 3 if number in self.questions and "error" in record:
                self.questions.pop(number).set_exception(ValueError(record["error"]))
            case 3 if number in self.questions:
                self.questions.pop(number).set_result(record.get("result"))
            case 5 if number in self.tasks:  # CANCEL_INVOCATION
                self.tasks[number].cancel()
            case 7:  # CLOSE
                return False
        return True

    async def ping(self):
        while True:
            await asyncio.sleep(PING_INTERVAL)
            send_record(type=PING)

    async def run(self):
        records = (json.loads(text) async for line in lines() for text in line.split("\x1e") if text)
        async with Room(self.heard) as self.room:
            wanted = await anext(records, {})  # the first says which protocol the others are in
            if wanted.get("protocol") != "json":
                return send_record(error=f"The protocol '{wanted.get('protocol')}' is not supported.")
            send_record()
            self.ready = True
            self.tasks["ping"] = asyncio.create_task(self.ping())
            async for record in records:
                if not self.record(record):
                    break


asyncio.run(Hub().run())
