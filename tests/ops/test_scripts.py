"""What the scripts do where something is missing."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from .project import ROOT

LIBRARIES = ("common", "packages", "python", "tools")

# Stands for PyPI: puts a command there that tells this version.
PYPI = """
ensure_python() {
    mkdir -p "$1/bin"
    printf '#!/bin/sh\\necho %s\\n' "$VERSION" >"$1/bin/$(basename "$2" .txt)"
    chmod 755 "$1"/bin/*
}
"""


class Fetching(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.here = self.directory / "here"
        self.here.mkdir()

    def has(self, command: str, says: str) -> None:
        """Puts a command on the PATH."""
        path = self.here / command
        path.write_text(f"#!/bin/sh\necho {says}\n")
        path.chmod(0o755)

    def bash(self, script: str, **environment: str) -> subprocess.CompletedProcess:
        sources = "".join(f'source "{ROOT}/scripts/lib/{library}.sh"\n' for library in LIBRARIES)
        told = {"PATH": f"{self.here}:/usr/bin:/bin", "CARGO_TARGET_DIR": str(self.directory)}
        return subprocess.run(
            ["bash", "-euc", sources + script], env=os.environ | told | environment, capture_output=True, text=True, check=False
        )

    def test_versions_are_compared_by_their_numbers(self):
        for oldest, version, recent in (
            ("1.25", "go1.25", True),
            ("1.25", "go1.25.0", True),
            ("1.25", "go1.27.3", True),
            ("1.25", "go1.100", True),
            ("1.25", "go1.9.7", False),
            ("1.25", "go1.24.11", False),
            ("1.27", "1.32.4-dispatcher", True),
            ("1.27", "1.26.15", False),
            ("1.27", "", False),
        ):
            with self.subTest(oldest=oldest, version=version):
                done = self.bash(f'at_least "{oldest}" "{version}"')
                self.assertEqual(done.returncode == 0, recent, done.stderr)

    def test_what_is_recent_is_used_as_it_is(self):
        self.has("go", "go1.99")
        self.has("kubectl", "Client Version: v1.99.0")
        done = self.bash("ensure_python() { die 'fetched'; }\nensure_go && ensure_kubectl && command -v go kubectl")
        self.assertEqual(done.stdout.split(), [f"{self.here}/go", f"{self.here}/kubectl"], done.stderr)

    def test_what_is_too_old_gives_way_to_what_is_fetched(self):
        self.has("go", "go1.24.9")
        self.has("kubectl", "Client Version: v1.26.9")
        done = self.bash(PYPI + "ensure_go && go version", VERSION="go1.27.3")
        self.assertEqual(done.stdout, "go1.27.3\n", done.stderr)
        done = self.bash(PYPI + "ensure_kubectl && kubectl version", VERSION="Client Version: v1.37.1")
        self.assertEqual(done.stdout, "Client Version: v1.37.1\n", done.stderr)

    def test_what_cannot_be_fetched_is_told_with_what_to_install(self):
        for command, old in (("go", "go1.24.9"), ("kubectl", "Client Version: v1.26.9")):
            self.has(command, old)
            for pypi in ("ensure_python() { die 'nothing comes'; }\n", "ensure_python() { false; }\n", PYPI):
                with self.subTest(command, pypi=pypi):
                    done = self.bash(f"{pypi}ensure_{command}; echo went on", VERSION="go1.20")
                    self.assertEqual((done.returncode, "went on" in done.stdout), (1, False))
                    self.assertRegex(done.stderr, r"(?i)please install (go|kubectl) [0-9.]+ or newer first \(https://")

    def test_what_is_fetched_is_one_version_whose_bytes_are_known(self):
        for command in ("go", "kubectl"):
            pinned = "".join(line for line in (ROOT / f"tools/{command}.txt").read_text().splitlines() if not line.startswith("#"))
            self.assertRegex(pinned, r"^[a-z-]+==[0-9.]+( |\\|--hash=sha256:[0-9a-f]{64})+$")
            self.assertEqual(len(re.findall("--hash=", pinned)), 2, "for both processors")
