"""A stand-in for kube-proxy: it forwards TCP from the addresses of Services to those of pods.

What no pod serves, nobody listens at: clients are refused, as the real one has it.
"""

import asyncio
import contextlib
import threading

CHUNK = 1 << 16
ANSWERS_WITHIN = 10.0


class StandInProxy:
    """Forwards, in a thread of its own, whatever `forward` was told last."""

    def __init__(self):
        self._targets, self._listeners, self._connections = {}, {}, set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in-proxy", daemon=True)
        self._thread.start()

    def forward(self, targets):
        """Listens at each address `(host, port)` that `targets` has, and forwards what comes to the address that it
        names; nowhere else. Connections that are there stay until one of their ends is gone."""
        self._run(self._forward(targets))

    def stop(self):
        """Ends it, with all its connections."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWERS_WITHIN)
        self._loop.close()

    def _run(self, work):
        asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWERS_WITHIN)

    # What follows runs in the proxy's thread.

    async def _forward(self, targets):
        self._targets = targets
        for address in self._listeners.keys() - targets.keys():
            self._listeners.pop(address).close()
        for address in targets.keys() - self._listeners.keys():
            # Whoever else has the address keeps it; the next call tries again.
            with contextlib.suppress(OSError):
                self._listeners[address] = await asyncio.start_server(self._accepting(address), *address)

    async def _stop(self):
        await self._forward({})
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def _accepting(self, address):
        async def accept(reader, writer):
            connection = asyncio.current_task()
            self._connections.add(connection)
            try:
                await self._relay(address, reader, writer)
            except (OSError, KeyError, asyncio.CancelledError):
                writer.transport.abort()
            finally:
                self._connections.discard(connection)

        return accept

    async def _relay(self, address, reader, writer):
        pod_reader, pod_writer = await asyncio.open_connection(*self._targets[address])
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(_pass(reader, pod_writer))
                directions.create_task(_pass(pod_reader, writer))
            writer.close()
        except* OSError:
            writer.transport.abort()
        finally:
            pod_writer.transport.abort()


async def _pass(reader, writer):
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()
