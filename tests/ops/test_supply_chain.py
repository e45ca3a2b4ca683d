"""What the hub is built of: licences, sources, known vulnerabilities, the bill of materials."""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

from .project import ROOT, run

DENY = tomllib.loads((ROOT / "deny.toml").read_text())
LOCKED = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]

ADVISORY = """```toml
[advisory]
id = "{id}"
package = "{package}"
date = "2026-01-01"
{more}

[versions]
patched = {patched}
unaffected = {unaffected}
```

# {title}

What it is about.
"""


class Snapshot:
    """A few advisories, and a Cargo.lock that they may concern."""

    def __init__(self, directory: str) -> None:
        self.path = Path(directory) / "advisory-db"
        self.lock = Path(directory) / "Cargo.lock"
        self.metrics = Path(directory) / "hubbub.prom"

    def advise(self, number: int, package: str, patched=(), unaffected=(), more: str = "", title: str = "It breaks") -> None:
        path = self.path / "crates" / package / f"RUSTSEC-2026-{number:04}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = ADVISORY.format(
            id=path.stem, package=package, patched=json.dumps(list(patched)), unaffected=json.dumps(list(unaffected)), more=more, title=title
        )
        path.write_text(text)

    def use(self, **libraries: str) -> None:
        source = 'source = "registry+https://github.com/rust-lang/crates.io-index"'
        self.lock.write_text(
            "".join(f'[[package]]\nname = "{name}"\nversion = "{version}"\n{source}\n' for name, version in libraries.items())
        )

    def check(self, *more: str | Path) -> subprocess.CompletedProcess:
        command = [sys.executable, ROOT / "scripts/check-advisories", "--snapshot", self.path, "--lock", self.lock, *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)


class Advisories(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.snapshot = Snapshot(directory.name)

    def concerned(self, version: str, patched=(), unaffected=()) -> bool:
        self.snapshot.advise(1, "thing", patched, unaffected)
        self.snapshot.use(thing=version)
        done = self.snapshot.check()
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode == 1

    def test_versions_are_compared_as_cargo_does(self):
        for version, patched, unaffected, concerned in (
            ("1.2.3", [">= 1.2.4"], [], True),
            ("1.2.4", [">= 1.2.4"], [], False),
            ("1.10.0", [">= 1.9.0"], [], False),
            ("0.9.0", [">= 1.2.4"], ["< 1.0.0"], False),
            ("1.0.5", [">= 1.0.5, < 1.1.0", ">= 1.1.2"], [], False),
            ("1.1.1", [">= 1.0.5, < 1.1.0", ">= 1.1.2"], [], True),
            ("1.4.0", ["^1.3.2"], [], False),
            ("2.0.0", ["^1.3.2"], [], True),
            ("0.3.9", ["^0.3.2"], [], False),
            ("0.4.0", ["^0.3.2"], [], True),
            ("1.3.9", ["~1.3.2"], [], False),
            ("1.4.0", ["~1.3.2"], [], True),
            ("1.3.9", ["1.3.2"], [], False),
            ("1.3.2", ["= 1.3.2"], [], False),
            ("1.3.3", ["= 1.3.2"], [], True),
            ("2.0.0-alpha.3", [">= 2.0.0"], [], True),
            ("2.0.0-alpha.3", [">= 2.0.0-alpha.2"], [], False),
            ("2.0.0-alpha.10", [">= 2.0.0-alpha.9"], [], False),
            ("2.0.0", [">= 2.0.0-rc.1"], [], False),
            ("1.2.3+build.7", [">= 1.2.3"], [], False),
            ("1.2.3", [], [], True),
        ):
            with self.subTest(version=version, patched=patched, unaffected=unaffected):
                self.assertEqual(self.concerned(version, patched, unaffected), concerned)

    def test_it_tells_what_is_wrong_and_what_cures_it(self):
        self.snapshot.advise(7, "thing", [">= 1.2.4"], title="Everybody gets in")
        self.snapshot.use(thing="1.2.3", other="1.0.0")
        told = self.snapshot.check().stdout
        for word in ("RUSTSEC-2026-0007", "thing 1.2.3", "Everybody gets in", ">= 1.2.4", "1 advisories concern 2 libraries"):
            self.assertIn(word, told)

    def test_what_is_no_vulnerability_is_not_counted(self):
        self.snapshot.advise(1, "thing", more='informational = "unmaintained"')
        self.snapshot.advise(2, "thing", more='withdrawn = "2026-02-02"')
        self.snapshot.advise(3, "elsewhere")
        self.snapshot.use(thing="1.2.3")
        done = self.snapshot.check()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("unmaintained", done.stdout)

    def test_what_is_ignored_is_told_with_its_reason(self):
        reason = "Nothing here calls what it is about."
        config = self.snapshot.path.parent / "deny.toml"
        config.write_text(f'[advisories]\nignore = [{{ id = "RUSTSEC-2026-0001", reason = "{reason}" }}]\n')
        self.snapshot.advise(1, "thing")
        self.snapshot.use(thing="1.2.3")
        self.assertEqual(self.snapshot.check().returncode, 1)
        done = self.snapshot.check("--config", config)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(reason, done.stdout)

    def test_the_date_is_that_of_the_last_commit(self):
        self.snapshot.advise(1, "elsewhere")
        self.snapshot.use(thing="1.2.3")
        git = ["git", "-C", self.snapshot.path, "-c", "user.name=a", "-c", "user.email=a@example.org"]
        run(*git, "init", "--quiet")
        run(*git, "add", ".")
        run(*git, "commit", "--quiet", "--message=x", env=os.environ | {"GIT_COMMITTER_DATE": "2026-03-04T05:06:07Z"})
        self.assertIn("as of 2026-03-04", self.snapshot.check().stdout)
        refused = self.snapshot.check("--date", "2026-05-06")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("without history", refused.stderr)

    def test_a_copy_without_history_is_as_of_what_is_said_or_its_newest_advisory(self):
        self.snapshot.advise(1, "elsewhere")
        self.snapshot.advise(2, "thing", [">= 1.2.3"])
        path = next(self.snapshot.path.glob("crates/thing/*.md"))
        path.write_text(path.read_text().replace("2026-01-01", "2026-01-09"))
        self.snapshot.use(thing="1.2.3")
        self.assertIn("as of 2026-01-09", self.snapshot.check().stdout)
        record = self.snapshot.path.parent / "advisories.json"
        self.assertIn("as of 2026-02-03", self.snapshot.check("--date", "2026-02-03", "--record", record).stdout)
        self.assertEqual(json.loads(record.read_text())["snapshot"], 1_770_076_800_000)
        self.assertEqual(self.snapshot.check("--date", "yesterday").returncode, 2)

    def test_prometheus_can_read_what_it_writes(self):
        self.snapshot.advise(1, "thing")
        self.snapshot.use(thing="1.2.3")
        self.snapshot.check("--metrics", self.snapshot.metrics)
        text = self.snapshot.metrics.read_text()
        run("promtool", "check", "metrics", given=text)
        self.assertIn("\nhubbub_known_vulnerabilities 1\n", text)
        self.assertRegex(text, r"\nhubbub_advisories_timestamp_seconds \d{10}\n")

    def test_the_operators_page_can_read_what_it_writes(self):
        self.snapshot.advise(1, "thing")
        self.snapshot.use(thing="1.2.3", other="1.0.0")
        path = self.snapshot.path.parent / "advisories.json"
        self.snapshot.check("--record", path)
        record = json.loads(path.read_text())
        self.assertEqual(set(record), set(self.recorded()))
        self.assertEqual((record["known"], record["libraries"]), (["RUSTSEC-2026-0001 thing 1.2.3"], 2))
        self.assertGreater(record["snapshot"], 1_000_000_000_000)

    def test_the_record_that_is_built_in_is_of_these_libraries(self):
        record = self.recorded()
        if record["snapshot"] is not None:
            libraries = sorted((package["name"], package["version"]) for package in LOCKED if "source" in package)
            lock = hashlib.sha256("".join(f"{name} {version}\n" for name, version in libraries).encode()).hexdigest()
            self.assertEqual(record["lock"], lock, "scripts/check-advisories --record web/operator/advisories.json")

    def recorded(self) -> dict:
        return json.loads((ROOT / "web/operator/advisories.json").read_text())

    def test_what_cannot_be_checked_is_no_pass(self):
        self.snapshot.use(thing="1.2.3")
        done = self.snapshot.check()
        self.assertEqual(done.returncode, 2)
        self.assertIn("advisory-db", done.stderr)
        self.snapshot.advise(1, "thing", ["whatever"])
        self.assertEqual(self.snapshot.check().returncode, 2)
        self.snapshot.advise(1, "thing")
        self.assertEqual(self.snapshot.check("--lock", self.snapshot.path / "none").returncode, 2)


class Libraries(unittest.TestCase):
    def test_all_come_from_where_they_may_with_a_checksum(self):
        allowed = {f"registry+{registry}" for registry in DENY["sources"]["allow-registry"]}
        own = {tomllib.loads(path.read_text())["package"]["name"] for path in [ROOT / "Cargo.toml", *ROOT.glob("src/*/Cargo.toml")]}
        for package in LOCKED:
            if package["name"] not in own:
                self.assertIn(package.get("source"), allowed, package["name"])
                self.assertRegex(package["checksum"], r"^[0-9a-f]{64}$")

    def test_none_is_banned(self):
        self.assertEqual({entry["crate"] for entry in DENY["bans"]["deny"]} & {package["name"] for package in LOCKED}, set())

    def test_each_ignored_advisory_has_its_reason(self):
        for entry in DENY["advisories"]["ignore"]:
            self.assertRegex(entry["id"], r"^RUSTSEC-\d{4}-\d{4}$")
            self.assertGreater(len(entry["reason"]), 40)


@functools.cache
def sbom() -> str:
    return run(ROOT / "scripts/sbom")


class BillOfMaterials(unittest.TestCase):
    def setUp(self):
        self.text = sbom()
        self.bill = json.loads(self.text)

    def test_it_is_as_cyclonedx_says(self):
        self.assertIsNone(JsonStrictValidator(SchemaVersion.V1_5).validate_str(self.text))

    def test_it_is_the_same_each_time(self):
        self.assertEqual(run(ROOT / "scripts/sbom"), self.text)

    def test_it_names_what_is_in_the_binary_and_nothing_else(self):
        names = {component["name"] for component in self.bill["components"]}
        self.assertLess({"tokio", "fred", "mongodb", "libsqlite3-sys"}, names)
        self.assertEqual({"proptest", "tempfile", "serde_derive", "cc"} & names, set())
        known = {(package["name"], package["version"]) for package in LOCKED}
        for component in self.bill["components"]:
            self.assertIn((component["name"], component["version"]), known)
            self.assertTrue(component["hashes"])

    def test_licences_are_among_those_that_may_be(self):
        licensing = get_spdx_licensing()
        allowed = DENY["licenses"]["allow"]
        for component in self.bill["components"]:
            expression = component["licenses"][0]["expression"]
            with self.subTest(component["name"], licence=expression):
                self.assertTrue(permitted(licensing.parse(expression, validate=True), allowed))

    def test_a_licence_that_may_not_be_is_found(self):
        licensing = get_spdx_licensing()
        for expression, fine in (
            ("GPL-3.0-only", False),
            ("MIT AND GPL-3.0-only", False),
            ("MIT OR GPL-3.0-only", True),
            ("(MIT OR GPL-3.0-only) AND ISC", True),
            ("Apache-2.0 WITH LLVM-exception", True),
        ):
            self.assertEqual(permitted(licensing.parse(expression), DENY["licenses"]["allow"]), fine, expression)


CARGO = """#!/bin/sh
mkdir -p "$CARGO_TARGET_DIR/release" && env > "$CARGO_TARGET_DIR/release/hubbub" && echo "$@" >> "$CARGO_TARGET_DIR/release/hubbub"
"""


class Release(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name).resolve()

    def build(self, **environment: str) -> str:
        """What a build with these settings outside is told."""
        cargo = self.directory / "cargo"
        cargo.write_text(CARGO)
        cargo.chmod(0o755)
        told = {"CARGO": str(cargo), "CARGO_TARGET_DIR": str(self.directory / "built"), "CARGO_HOME": str(self.directory / "home")}
        done = run(ROOT / "scripts/build-release", "--offline", env=os.environ | told | environment)
        built = self.directory / "built/release/hubbub"
        self.assertEqual(done, f"{hashlib.sha256(built.read_bytes()).hexdigest()}  hubbub\n")
        return built.read_text()

    def test_directories_of_this_machine_are_called_the_same_everywhere(self):
        told = self.build()
        for flag in ("--remap-path-prefix", "-ffile-prefix-map"):
            for name in (f"{ROOT}=.", f"{self.directory}/built=target", f"{self.directory}/home=cargo"):
                self.assertIn(f"{flag}={name}", told)
        self.assertIn("build --locked --profile release --bin hubbub --offline", told)

    def test_links_are_followed_for_compilers_that_do(self):
        (self.directory / "elsewhere").mkdir()
        (self.directory / "home").symlink_to(self.directory / "elsewhere")
        told = self.build()
        for name in ("home=cargo", "elsewhere=cargo", "elsewhere/registry=cargo/registry"):
            self.assertIn(f"--remap-path-prefix={self.directory}/{name}", told)

    def test_what_is_set_outside_changes_nothing(self):
        usual = self.build()
        flags = dict.fromkeys(("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CFLAGS", "CFLAGS_x86_64_unknown_linux_gnu"), "-O1")
        other = self.build(CARGO_PROFILE_RELEASE_LTO="true", TZ="Asia/Tokyo", SOURCE_DATE_EPOCH="7", **flags)
        self.assertEqual(*(sorted(told.splitlines()) for told in (usual, other)))

    def test_a_difference_is_told_and_where_it_is(self):
        check, program = ROOT / "scripts/check-reproducible", self.directory / "program"
        program.write_bytes(Path("/bin/true").resolve().read_bytes())
        self.assertIn("The same twice", run(check, "--compare", "/bin/true", program))
        program.write_bytes(program.read_bytes().replace(b"coreutils", b"elsewhere"))
        done = subprocess.run([check, "--compare", "/bin/true", program], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"(?s)They differ.*\.rodata.*> .*elsewhere")
        self.assertEqual(subprocess.run([check, "--compare", program], capture_output=True, check=False).returncode, 2)


def permitted(expression, allowed: list[str]) -> bool:
    """Whether a choice that the licences leave is among the allowed ones."""
    parts = [permitted(part, allowed) for part in getattr(expression, "args", ())]
    operator = getattr(expression, "operator", None)
    if operator is not None and operator.strip() == "AND":
        return all(parts)
    if operator is not None and operator.strip() == "OR":
        return any(parts)
    return re.sub(r"\s+", " ", str(expression)) in allowed
