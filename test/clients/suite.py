"""Runs the tests of this folder and sums them up. See run."""

import sys
import unittest
from pathlib import Path

import django
import psycopg2
import sqlalchemy

HERE = Path(__file__).resolve().parent


class Result(unittest.TextTestResult):
    """Counts what passed: a class whose set-up fails has failures, and no tests that ran."""

    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1


def main(names: list[str]) -> int:
    python = ".".join(str(part) for part in sys.version_info[:3])
    print(
        f"Python {python}, SQLAlchemy {sqlalchemy.__version__}, "
        f"psycopg2 {psycopg2.__version__.split()[0]}, Django {django.get_version()}",
        flush=True,
    )
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE))
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result)
    result = runner.run(tests)
    # Whatever did not succeed failed; nothing here is skipped or expected to fail.
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"{result.passed} passed, {failed} failed")
    return 0 if result.passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
