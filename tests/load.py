"""A light HTTP client for measurements: raw bytes on connections that stay open."""

import asyncio
import json
import time
import types
from urllib.parse import urlsplit


class Client:
    """One connection to a server, which posts one body to `/configure` again and again."""

    def __init__(self, reader, writer, body, headers):
        content = json.dumps(body).encode()
        headers = {"Host": "localhost", "Content-Length": len(content)} | headers
        lines = ["POST /configure HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self._request = "\r\n".join(lines).encode() + content
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, url, body, headers=types.MappingProxyType({})):
        where = urlsplit(url)
        return cls(*await asyncio.open_connection(where.hostname, where.port), body, headers)

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
