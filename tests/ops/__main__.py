"""Runs every test here, in a few processes at a time, and prints `N passed, N failed`."""

import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

from .project import ROOT

# Most of the time the tests wait for tools that they run.
AT_ONCE = 2


def flatten(suite: unittest.TestSuite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def run(test: unittest.TestCase) -> list[str]:
    """Runs one test; what is wrong, if anything."""
    result = unittest.TestResult()
    test.run(result)
    problems = [text for _, text in result.errors + result.failures]
    # A test that was skipped has shown nothing.
    return problems + [f"skipped: {why}" for _, why in result.skipped]


def main() -> int:
    wanted = sys.argv[1:]
    loaded = unittest.defaultTestLoader.discover(str(ROOT / "tests" / "ops"), top_level_dir=str(ROOT))
    tests = [test for test in flatten(loaded) if not wanted or any(word in test.id() for word in wanted)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(run, tests))
    for test, problems in zip(tests, outcomes, strict=True):
        name = test.id().removeprefix("tests.ops.")
        print(f"{'FAILED' if problems else 'ok':6} {name}")
        for problem in problems:
            print(problem)
    failed = sum(bool(problems) for problems in outcomes)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0


sys.exit(main())
