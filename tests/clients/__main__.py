"""Runs every test here, of the checker and of the load for upgrades, and prints `N passed, N failed`."""

import sys
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PACKAGES = ("clients", "checker", "upgrade")


def main() -> int:
    suite = unittest.TestSuite()
    for package in PACKAGES:
        found = unittest.TestLoader().discover(str(TESTS / package), top_level_dir=str(TESTS.parent))
        if found.countTestCases() == 0:
            print(f"there are no tests in {TESTS / package}")
            return 1
        suite.addTest(found)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    # A test that was skipped has shown nothing.
    failed = len(result.failures) + len(result.errors) + len(result.skipped)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed or result.testsRun == 0 else 0


sys.exit(main())
