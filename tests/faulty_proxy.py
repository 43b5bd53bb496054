"""A TCP proxy that misbehaves on demand, to stand between a server and its broker."""

import asyncio
import contextlib
import socket
import struct
import threading

from free_ports import free_ports

CHUNK = 1 << 16
PROTOCOL_HEADER = 8  # octets with which an AMQP client begins
TRICKLE_SECONDS = 1.0
ANSWERS_WITHIN = 10.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: RST instead of FIN


class FaultyProxy:
    """Forwards a port of its own to another, in a thread of its own, until told to do something else.

    `forward` makes everything well again.
    """

    def __init__(self, target_port, host="127.0.0.1"):
        self.host, self.port = host, free_ports(1)
        self.accepted = 0
        self._target_port = target_port
        self._server = None
        self._connections = set()
        self._treat = self._relay
        self._trickling = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty-proxy", daemon=True)
        self._thread.start()
        self._moving = asyncio.Event()
        self.forward()

    def forward(self):
        """Everything passes."""
        self._run(self._change(self._relay))

    def refuse(self):
        """Nobody listens, and whoever was connected is reset."""
        self._run(self._change(None, cut=True))

    def silence(self):
        """Half open: connections are accepted and nothing follows; whoever was connected is reset."""
        self._run(self._change(self._say_nothing, cut=True))

    def reset_handshakes(self):
        """Who has said which protocol it speaks is reset, and so is whoever was connected."""
        self._run(self._change(self._reset_after_header, cut=True))

    def trickle(self):
        """One byte per second in each direction, in old connections and new ones."""
        self._run(self._change(self._relay, trickling=True))

    def freeze(self):
        """Old and new connections stay open, and nothing moves in them."""
        self._run(self._change(self._relay, moving=False))

    @contextlib.contextmanager
    def while_it(self, misbehaves):
        """A context in which one of its faults is there: `proxy.while_it(proxy.refuse)`."""
        misbehaves()
        try:
            yield
        finally:
            self.forward()

    def close(self):
        """Ends it, with all its connections."""
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWERS_WITHIN)
        self._loop.close()

    def _run(self, work):
        asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWERS_WITHIN)

    # What follows runs in the proxy's thread.

    async def _change(self, treat, *, cut=False, trickling=False, moving=True):
        self._treat, self._trickling = treat, trickling
        if moving:
            self._moving.set()
        else:
            self._moving.clear()
        if treat is None and self._server:
            self._server.close()
            self._server = None
        if cut:
            await self._cut()
        if treat is not None and self._server is None:
            self._server = await asyncio.start_server(self._accept, self.host, self.port)

    async def _cut(self):
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _accept(self, reader, writer):
        self.accepted += 1
        connection = asyncio.current_task()
        self._connections.add(connection)
        try:
            await self._treat(reader, writer)
            writer.close()
        except (OSError, EOFError, asyncio.CancelledError):
            _reset(writer)
        finally:
            self._connections.discard(connection)

    async def _relay(self, reader, writer):
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._pass(reader, broker_writer))
                directions.create_task(self._pass(broker_reader, writer))
        except* OSError:
            _reset(writer)
        finally:
            broker_writer.close()

    async def _pass(self, reader, writer):
        while chunk := await reader.read(CHUNK):
            while chunk:
                await self._moving.wait()
                size = 1 if self._trickling else len(chunk)
                writer.write(chunk[:size])
                await writer.drain()
                chunk = chunk[size:]
                if self._trickling:
                    await asyncio.sleep(TRICKLE_SECONDS)
        writer.write_eof()

    async def _say_nothing(self, reader, _writer):
        while await reader.read(CHUNK):
            pass

    async def _reset_after_header(self, reader, writer):
        await reader.readexactly(PROTOCOL_HEADER)
        _reset(writer)


def _reset(writer):
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
