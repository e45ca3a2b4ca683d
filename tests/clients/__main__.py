"""Runs every test here, and prints `N passed, N failed`."""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    loaded = unittest.defaultTestLoader.discover(str(HERE), top_level_dir=str(HERE.parents[1]))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(loaded)
    # A test that was skipped has shown nothing.
    failed = len(result.failures) + len(result.errors) + len(result.skipped)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed or result.testsRun == 0 else 0


sys.exit(main())
