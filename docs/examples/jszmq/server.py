#!/usr/bin/env python3
"""A REP socket for jszmq's REQ: ZeroMQ over WebSocket (ZWS 2.0), as bytes. README.md says how to run it.

ZWS sends each part of a message as one binary WebSocket message: a byte that is 1 if more parts follow and 0 if none
does, and the part. With raw framing a program sees bytes, not messages, so two things have to be settled:

- What comes in ends where it says so itself: here each part of a request is a line.
- What goes out keeps its limits because stdout is put into packet mode (O_DIRECT, pipe(2)): each write of up to 4096
  bytes is one read, and each read one WebSocket message. A longer answer goes out in several parts.
"""
import fcntl
import os
import sys

PACKET = 4096
MORE, LAST = b"\x01", b"\x00"


def send(parts):
    for part in parts[:-1]:
        os.write(1, MORE + part)
    os.write(1, LAST + parts[-1])


def receive(stdin):
    """The parts of one request, or None when the client has left."""
    if stdin.read(1) != MORE:
        return None
    # That was the empty part by which REQ and REP know that an address ends here.
    parts, more = [], True
    while more:
        more = stdin.read(1) == MORE
        parts.append(stdin.readline().removesuffix(b"\n"))
    return parts


def answer(parts):
    match parts:
        case [b"hello", who]:
            return [b"Hello, " + who + b"!"]
        case [b"count", text]:
            return [str(len(text)).encode()]
        case [b"repeat", times]:
            text = b"x" * int(times)
            return [text[i:i + PACKET - 1] for i in range(0, len(text), PACKET - 1)] or [b""]
        case [b"exit", status]:
            sys.exit(int(status))
        case _:
            return parts


fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_DIRECT)
send([b""])  # each side begins with its routing id, and both have none
sys.stdin.buffer.read(1)
while (request := receive(sys.stdin.buffer)) is not None:
    send([b"", *answer(request)])
