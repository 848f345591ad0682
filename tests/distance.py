"""Distance between two programs of one machine: a TCP proxy that holds back every byte for a while.

`python tests/distance.py PORT TO_PORT MILLISECONDS`: half of the time on the way there, half on the way back,
so that a question and its answer take that much longer. What is on its way is bounded; connecting costs
nothing.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from typing import cast

ON_THE_WAY = 1 << 20  # bytes of one direction of a connection


class End(asyncio.Protocol):
    """One end of a connection: what it hears is said at the other end, later."""

    transport: asyncio.Transport
    other: "End"

    def __init__(self, seconds: float, to_port: int = 0) -> None:
        self._seconds, self._to_port = seconds, to_port
        self._road: deque[bytes] = deque()
        self._length = 0
        self._can_write = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if self._to_port:
            self.transport.pause_reading()
            self._reaching = asyncio.ensure_future(self._reach())

    async def _reach(self) -> None:
        self.other = End(self._seconds)
        self.other.other = self
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self.other, "127.0.0.1", self._to_port)
        self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._send_off(data)
        if self._length >= ON_THE_WAY:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        self._send_off(b"")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._send_off(b"")

    def _send_off(self, data: bytes) -> None:
        self._road.append(data)
        self._length += len(data)
        asyncio.get_running_loop().call_later(self._seconds, self._arrive)

    def _arrive(self) -> None:
        data = self._road.popleft()
        if not data:
            self.other.transport.close()
            return
        self.other.transport.write(data)
        self._length -= len(data)
        self._read_on()

    def pause_writing(self) -> None:
        self._can_write = False
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        self._can_write = True
        self.other._read_on()

    def _read_on(self) -> None:
        if self._length < ON_THE_WAY and self.other._can_write and not self.transport.is_closing():
            self.transport.resume_reading()


async def serve(port: int, to_port: int, milliseconds: int) -> None:
    def end() -> End:
        return End(milliseconds / 2000, to_port)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(end, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def main(words: Sequence[str]) -> None:
    port, to_port, milliseconds = map(int, words)
    asyncio.run(serve(port, to_port, milliseconds))


if __name__ == "__main__":
    main(sys.argv[1:])
