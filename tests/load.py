"""A light HTTP client for measurements: raw bytes on connections that stay open."""

import asyncio
import json
import time
from urllib.parse import urlsplit


class Client:
    """One connection to a server, which posts one body to `/configure` again and again."""

    def __init__(self, reader, writer, body):
        content = json.dumps(body).encode()
        head = f"POST /configure HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
        self._request = head.encode() + content
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, url, body):
        where = urlsplit(url)
        return cls(*await asyncio.open_connection(where.hostname, where.port), body)

    async def configure(self):
        """Status and body of one answer."""
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return status, await self._reader.readexactly(int(length.split(b":")[1]))

    def close(self):
        self._writer.close()


async def at_rate(url, bodies, per_second, count, connections=16):
    """Sends `count` requests at a rate, however long answers take; gives status and seconds since each was due."""
    start = time.monotonic() + 0.1
    due = iter([start + number / per_second for number in range(count)])
    answers = []

    async def one_after_the_other(body):
        client = await Client.connect(url, body)
        for moment in due:
            await asyncio.sleep(moment - time.monotonic())
            status, _ = await client.configure()
            answers.append((status, time.monotonic() - moment))
        client.close()

    await asyncio.gather(*(one_after_the_other(bodies[number % len(bodies)]) for number in range(connections)))
    return answers
