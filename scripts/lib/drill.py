"""Clients that misbehave, for drills: drill.py slow-reader|flood HOST:PORT SECONDS.

Tokens come from standard input as `hubbub token --users` prints them. Needs nothing but Python.
"""

import asyncio
import base64
import collections
import json
import os
import socket
import struct
import sys
import time

# Each character takes four bytes, so few messages make much to read.
LONG = "\U0001f426" * 4000


class Client:
    """One connection that has said hello."""

    def __init__(self, reader, writer) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, address: str, token: str, small_buffer: bool = False) -> "Client":
        host, port = address.rsplit(":", 1)
        raw = socket.socket()
        if small_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
        reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: hubbub.v1.json\r\n\r\n".encode()
        )
        status = (await reader.readline()).decode().split(" ")[1:2]
        if status != ["101"]:
            writer.close()
            raise ConnectionRefusedError(f"refused with {status[0] if status else 'nothing'}")
        while await reader.readline() not in (b"\r\n", b""):
            pass
        client = cls(reader, writer)
        await client.say(type="hello", token=token)
        return client

    async def say(self, **frame) -> None:
        body = json.dumps(frame).encode()
        length = len(body)
        head = struct.pack(">BBH", 0x81, 0xFE, length) if 125 < length < 65536 else bytes([0x81, 0x80 | length])
        # A mask of zeros is as valid as any other.
        self.writer.write(head + bytes(4) + body)
        await self.writer.drain()

    async def hear(self) -> dict:
        """The next frame of the hub's; pings are answered."""
        while True:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", await self.reader.readexactly(8))
            body = await self.reader.readexactly(length)
            if first & 0xF == 0x8:
                return {"type": "closed", "code": struct.unpack(">H", body[:2])[0] if body else 1005}
            if first & 0xF == 0x9:
                self.writer.write(bytes([0x8A, 0x80 | len(body)]) + bytes(4) + body)
            elif first & 0xF == 0x1:
                return json.loads(body)

    async def until(self, kind: str) -> dict:
        while (frame := await self.hear())["type"] != kind:
            if frame["type"] in ("closed", "error"):
                raise ConnectionError(f"the hub said {frame}")
        return frame


async def slow_reader(address: str, people: list[dict], seconds: int) -> None:
    """One reads nothing, the others talk: it is closed with 1013, comes back, and so on."""
    talkers = [await Client.connect(address, person["token"]) for person in people[1:9]]
    for talker in talkers:
        await talker.until("welcome")
    known = await Client.connect(address, people[0]["token"])
    await known.until("welcome")
    known.writer.close()
    members = [person["user"] for person in people[:9]]
    await talkers[0].say(type="create", id=1, name="drill", members=members, cid=f"drill-{time.time_ns()}")
    group = (await talkers[0].until("group"))["id"]
    counted = collections.Counter()
    listening = [asyncio.create_task(count(talker, counted)) for talker in talkers]
    end = time.monotonic() + seconds
    sleeper = None
    said = 0
    while time.monotonic() < end:
        if sleeper is None or sleeper.writer.transport.is_closing():
            sleeper = await Client.connect(address, people[0]["token"], small_buffer=True)
            sleeper.reader._transport.pause_reading()
            counted["connections that read nothing"] += 1
        for talker in talkers:
            said += 1
            await talker.say(type="send", group=group, cid=f"d{said}", text=LONG)
        await asyncio.sleep(0.3)
        await look(sleeper)
    for task in listening:
        task.cancel()
    print(json.dumps({"sent": said, **counted}))


async def look(sleeper: Client) -> None:
    """Has the hub given up on it? A write to a connection that was reset fails."""
    try:
        sleeper.writer.write(b"\x89\x80" + bytes(4))
        await sleeper.writer.drain()
    except ConnectionError:
        sleeper.writer.close()


async def count(client: Client, counted: collections.Counter) -> None:
    try:
        while True:
            frame = await client.hear()
            counted[frame.get("code", frame["type"])] += 1
            if frame["type"] == "closed":
                return
    except (ConnectionError, asyncio.IncompleteReadError):
        counted["lost"] += 1


async def flood(address: str, people: list[dict], seconds: int) -> None:
    """As many connections as there is room for and more, and messages as fast as they can be sent."""
    counted = collections.Counter()
    end = time.monotonic() + seconds
    await asyncio.gather(
        crowd(address, people, end, counted),
        *(talk(address, person, end, counted) for person in people[:4]),
    )
    print(json.dumps(dict(counted)))


async def crowd(address: str, people: list[dict], end: float, counted: collections.Counter) -> None:
    held = []
    while time.monotonic() < end:
        try:
            held.append(await Client.connect(address, people[len(held) % len(people)]["token"]))
            counted["connections"] += 1
        except (ConnectionError, OSError):
            counted["connections refused"] += 1
            await asyncio.sleep(0.02)
    for client in held:
        client.writer.close()


async def talk(address: str, person: dict, end: float, counted: collections.Counter) -> None:
    """Sends without heeding any answer; comes back when the hub has had enough."""
    while time.monotonic() < end:
        try:
            await talk_until_closed(address, person, end, counted)
        except (ConnectionError, asyncio.IncompleteReadError):
            counted["talkers cut off"] += 1
            await asyncio.sleep(0.5)


async def talk_until_closed(address: str, person: dict, end: float, counted: collections.Counter) -> None:
    client = await Client.connect(address, person["token"])
    await client.until("welcome")
    await client.say(type="create", id=1, name="flood", members=[], cid=f"flood-{time.time_ns()}")
    group = (await client.until("group"))["id"]
    listening = asyncio.create_task(count(client, counted))
    said = 0
    try:
        while time.monotonic() < end and not listening.done():
            said += 1
            await client.say(type="send", group=group, cid=f"f{said}", text="flood")
            if said % 100 == 0:
                await asyncio.sleep(0.05)
    finally:
        counted["messages"] += said
        listening.cancel()
        client.writer.close()


def main() -> None:
    what, address, seconds = sys.argv[1:]
    people = json.load(sys.stdin)
    asyncio.run({"slow-reader": slow_reader, "flood": flood}[what](address, people, int(seconds)))


if __name__ == "__main__":
    main()
