"""What the programs in the folders beside this file share: lines from the client, lines to it, and the other sessions.

wsinetd starts one process for each connection. Where those are to hear of each other (a chat, a channel), each puts a
socket into the directory that the variable ROOM names, and connects to the sockets of the others.
"""
import asyncio
import contextlib
import os
import sys

LIMIT = 64 * 2**20  # the longest line in bytes, and how much may wait for another process that is slow


def send(text, end="\n"):
    """A message to the client. What UTF-8 cannot hold and JSON can, half a surrogate pair, goes out as JSON's escape."""
    sys.stdout.buffer.write((text + end).encode(errors="backslashreplace"))
    sys.stdout.buffer.flush()


async def lines():
    """The client's messages, until it leaves."""
    reader = asyncio.StreamReader(LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield line.decode().removesuffix("\n")


class Room:
    """Everybody who shares the directory ROOM: what one tells, all hear, in order. Without ROOM one is alone.

    async with Room(heard) as room: room.tell("a line") calls heard("a line") here and in the other processes.
    """

    def __init__(self, heard):
        self.heard, self.directory = heard, os.environ.get("ROOM")
        self.waiting, self.others = asyncio.Queue(), {}

    async def __aenter__(self):
        if self.directory:
            os.makedirs(self.directory, 0o700, exist_ok=True)
            self.own = f"{self.directory}/{os.getpid()}.socket"
            self.server = await asyncio.start_unix_server(self._listen, self.own, limit=LIMIT)
            self.delivery = asyncio.create_task(self._deliver())
        return self

    async def __aexit__(self, *_):
        if self.directory:
            os.unlink(self.own)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._finish(), 1)

    def tell(self, text):
        self.heard(text)
        if self.directory:
            self.waiting.put_nowait(text.encode(errors="backslashreplace") + b"\n")

    async def _listen(self, reader, _):
        async for line in reader:
            self.heard(line.decode().removesuffix("\n"))

    async def _deliver(self):
        while True:
            line = await self.waiting.get()
            for name in os.listdir(self.directory):
                address = f"{self.directory}/{name}"
                if name.endswith(".socket") and address != self.own:
                    await self._tell_one(address, line)
            self.waiting.task_done()

    async def _tell_one(self, address, line):
        try:
            if address not in self.others or self.others[address].is_closing():
                self.others[address] = (await asyncio.open_unix_connection(address))[1]
            if self.others[address].transport.get_write_buffer_size() < LIMIT:
                self.others[address].write(line)
        except ConnectionRefusedError:  # it was killed before it could tidy up
            with contextlib.suppress(FileNotFoundError):
                os.unlink(address)
        except FileNotFoundError:  # it has just left
            pass

    async def _finish(self):
        await self.waiting.join()
        for other in self.others.values():
            other.close()
            with contextlib.suppress(OSError):
                await other.wait_closed()
