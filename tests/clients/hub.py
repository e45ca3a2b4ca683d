"""A hub of the tests' own, and sessions on it."""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import msgpack
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "hubbub"
PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Hub:
    """The embedded default in a directory of its own."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="hubbub-clients-")
        self.port, self._internal = free_port(), free_port()
        outer = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
        self._environment = outer | {
            "HUBBUB_LISTEN": f"127.0.0.1:{self.port}",
            "HUBBUB_INTERNAL_LISTEN": f"127.0.0.1:{self._internal}",
            "HUBBUB_DATA_DIR": f"{self._directory.name}/data",
            "HUBBUB_JWT_SECRET": "the secret of the clients' tests, long enough for HS256",
            "HUBBUB_LOG": "warn",
        }
        self._process = subprocess.Popen([BINARY], cwd=self._directory.name, env=self._environment)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._internal}/readyz", timeout=PATIENCE):
                    return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def token(self, user: str) -> str:
        """What `hubbub token` makes for them."""
        command = [BINARY, "token", "--user", user]
        made = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True)
        return made.stdout.strip()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._directory.cleanup()


class Session:
    """A user's connection in one of the two encodings."""

    def __init__(self, hub: Hub, encoding: str, user: str, cursors: dict[str, int] | None = None) -> None:
        self._pack, self._unpack = {
            "json": (json.dumps, json.loads),
            "msgpack": (msgpack.packb, msgpack.unpackb),
        }[encoding]
        self.connection: ClientConnection = connect(
            f"ws://127.0.0.1:{hub.port}/ws", subprotocols=[f"hubbub.v1.{encoding}"], proxy=None
        )
        self._asked = 0
        self._kept: list[dict] = []
        hello = {"type": "hello", "token": hub.token(user), "cursors": cursors or {}}
        self.connection.send(self._pack(hello))
        self.welcome = self.next(lambda frame: frame["type"] in ("welcome", "error"))
        assert self.welcome["type"] == "welcome", self.welcome

    def ask(self, frame: dict) -> dict:
        """Sends a request; its one reply."""
        self._asked += 1
        self.connection.send(self._pack(frame | {"id": self._asked}))
        return self.next(lambda reply: reply.get("re") == self._asked)

    def next(self, wanted) -> dict:
        """The next frame like this; others are kept for later."""
        for at, frame in enumerate(self._kept):
            if wanted(frame):
                return self._kept.pop(at)
        while True:
            frame = self._unpack(self.connection.recv(timeout=PATIENCE))
            if wanted(frame):
                return frame
            self._kept.append(frame)

    def next_text(self) -> dict:
        return self.next(lambda frame: frame["type"] == "message" and frame["kind"] == "text")

    def cut(self) -> None:
        """Ends the connection without a word."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)
        self.connection.close()
