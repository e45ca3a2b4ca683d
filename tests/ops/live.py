"""A small cluster with Prometheus and the probe under a short load, for tests that look at it."""

import atexit
import functools
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from .project import ROOT, TOOLS

BINARY = TOOLS.parent / "debug" / "hubbub"
NODES = 3
# What scripts/cluster counts from its first port: see there.
PORTS = (0, 1, 2, 3, 7, 8, 10, 11, 20, 21)
PROMETHEUS, PROBE = 7, 8
LOAD_SECONDS = 45
# The probe's first ladder takes half a minute, rules of 15 s intervals two of them.
PATIENCE = 90


class Cluster:
    """What `scripts/cluster up` started."""

    def __init__(self) -> None:
        self.base = free_ports()
        self.directory = tempfile.mkdtemp(prefix="hubbub-live-")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
        self.environment |= {
            "HUBBUB_CLUSTER_PORT": str(self.base),
            "HUBBUB_CLUSTER_BINARY": str(BINARY),
            "HUBBUB_RUN_DIR": self.directory,
            "HUBBUB_PROBE_INTERVAL": "1s",
            # Followers tell of themselves where they run.
            "HUBBUB_RETENTION": "90d",
            "HUBBUB_JOURNAL": str(Path(self.directory, "journal")),
        }
        given = os.environ.get("HUBBUB_TEST_MONGODB_URL")
        if given:
            self.environment |= {"HUBBUB_MONGODB_URL": given, "HUBBUB_MONGODB_DATABASE": f"live-{os.getpid()}"}
        self.load: subprocess.Popen | None = None

    def up(self) -> None:
        self._script("up")
        secret = Path(self.directory, "jwt-secret").read_text().strip()
        nodes = ",".join(f"127.0.0.1:{self.base + 10 * n}" for n in range(NODES))
        self.load = subprocess.Popen(
            [BINARY, "bench", "--node", nodes, "--clients", "30", "--groups", "3", "--rate", "20", "--seconds", str(LOAD_SECONDS)],
            env=self.environment_of_commands() | {"HUBBUB_JWT_SECRET": secret},
            cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

    def environment_of_commands(self) -> dict[str, str]:
        return {name: value for name, value in self.environment.items() if not name.startswith("HUBBUB_")}

    def down(self) -> None:
        if self.load is not None and self.load.poll() is None:
            self.load.kill()
        self._script("down")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _script(self, command: str) -> None:
        # Into a file: what it starts would keep a pipe open.
        with tempfile.TemporaryFile("w+") as told:
            done = subprocess.run(
                [ROOT / "scripts" / "cluster", command], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=told, stderr=subprocess.STDOUT, timeout=180, check=False,
            )
            told.seek(0)
            assert done.returncode == 0, f"scripts/cluster {command}\n{told.read()}"

    def expositions(self) -> dict[str, str]:
        """What each node and the probe answer to Prometheus."""
        ports = {f"node-{n + 1}": self.base + 10 * n + 1 for n in range(NODES)} | {"probe": self.base + PROBE}
        return {name: get(f"http://127.0.0.1:{port}/metrics").decode() for name, port in ports.items()}

    def ask(self, path: str, **parameters: str) -> dict | list:
        """Prometheus' answer; fails with its words when it has none."""
        query = urllib.parse.urlencode({name.replace("match", "match[]"): value for name, value in parameters.items()})
        return json.loads(get(f"http://127.0.0.1:{self.base + PROMETHEUS}/api/v1/{path}?{query}"))["data"]


def get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{url}: {error.read().decode()}") from error


def free_ports() -> int:
    """The first of ports that nobody uses, below those that clients are given."""
    while True:
        base = random.randrange(15_000, 31_000, 40)
        if all(is_free(base + port) for port in PORTS):
            return base


def is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


_LOCK = threading.Lock()


@functools.cache
def _started() -> Cluster:
    assert BINARY.exists(), f"{BINARY} is missing; scripts/check-ops builds it"
    cluster = Cluster()
    atexit.register(cluster.down)
    cluster.up()
    return cluster


def cluster() -> Cluster:
    """The one cluster of this run, started by whoever asks first."""
    with _LOCK:
        return _started()


def eventually(what: str, attempt) -> None:
    """Tries until it names nothing that is missing."""
    deadline = time.monotonic() + PATIENCE
    while missing := attempt():
        if time.monotonic() > deadline:
            listed = "\n  ".join(str(one) for one in missing)
            raise AssertionError(f"{what}, after {PATIENCE} s:\n  {listed}")
        time.sleep(2)
