"""Runs the stages of `make test`, because several test runners must end in one verdict.

Each stage's output is passed on as it comes and its counts are added up. The last line is
`N passed, N failed`. The first stage that fails is the last one run; a stage that fails without
a failed test (it did not compile, it is not formatted) counts as one failure.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WASM = "wasm32-unknown-unknown"
# The vendors' packages have an environment of their own.
VENDORS = ".venv-vendors/bin/python"
CARGO_RESULT = re.compile(r"^test result: \S+ (\d+) passed; (\d+) failed;")
PYTEST_RESULT = re.compile(r"^=* ?(?=\d+ (?:passed|failed|error))(.*) in [\d.]+s")
PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|errors?)\b")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Count:
    passed: int = 0
    failed: int = 0

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        return self


def main():
    stages = list_stages()
    arguments = parse_arguments(stages)
    environment = {**os.environ, f"CARGO_TARGET_{WASM.upper().replace('-', '_')}_RUNNER": arguments.wasm_runner}
    total = Count()
    for name in arguments.stages or stages:
        count = run_stage(name, stages[name], environment)
        total += count
        if count.failed:
            break
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    sys.exit(1 if total.failed else 0)


def parse_arguments(stages):
    parser = argparse.ArgumentParser(description="Run the tests and sum them up.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(stages))
    parser.add_argument("--wasm-runner", default="wasm-bindgen-test-runner", type=lambda path: str(Path(path).absolute()))
    arguments = parser.parse_args()
    if unknown := set(arguments.stages) - set(stages):
        parser.error(f"no such stage: {', '.join(sorted(unknown))}")
    return arguments


def list_stages():
    """In the order of `make test`: the quick ones first."""
    cargo_test = ["cargo", "test", "--no-fail-fast"]
    # Always the workspace, though one package would do: other features would compile dependencies again.
    native = [*cargo_test, "--workspace"]
    clippy = ["cargo", "clippy"]
    pytest = ["-m", "pytest", "--color=no"]
    deny = ["--", "--deny", "warnings"]
    return {
        "format": [["cargo", "fmt", "--all", "--check"]],
        "clippy": [
            [*clippy, "--workspace", "--all-targets", *deny],
            [*clippy, "--package", "dragoman", "--lib", "--target", "wasm32-wasip1", *deny],
        ],
        "unit": [[*native, "--lib", "--bins"]],
        "behaviour": [[*native, "--test", "behaviour"]],
        "properties": [[*native, "--test", "properties"]],
        "simulation": [[*native, "--test", "simulation"]],
        "wasm": [[*cargo_test, "--package", "wasm-tests", "--test", "behaviour", "--test", "golden", "--target", WASM]],
        "golden": [[*native, "--test", "golden"]],
        "definitions": [[VENDORS, *pytest, "wasm-tests/definitions"]],
        "architecture": [[*native, "--test", "architecture"]],
        "build": [["make", "--no-print-directory", "native", "build"]],
        "e2e": [[sys.executable, *pytest, "wasm-tests/e2e"]],
        "clients": [[VENDORS, *pytest, "wasm-tests/e2e/clients"]],
    }


def run_stage(name, commands, environment):
    print(f"=== {name} ===", flush=True)
    started = time.monotonic()
    count = Count()
    for command in commands:
        count += run_command(command, environment)
        if count.failed:
            break
    print(f"=== {name}: {time.monotonic() - started:.0f} s ===", flush=True)
    return count


def run_command(command, environment):
    count = Count()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            count += counted(line)
    if process.returncode != 0 and count.failed == 0:
        count.failed = 1
    return count


def counted(line):
    """What a line of a test runner says about passed and failed tests; nothing, for most lines."""
    line = COLOUR.sub("", line)
    if result := CARGO_RESULT.match(line):
        return Count(int(result[1]), int(result[2]))
    count = Count()
    if result := PYTEST_RESULT.match(line):
        for number, what in PYTEST_COUNT.findall(result[1]):
            if what == "passed":
                count.passed += int(number)
            else:
                count.failed += int(number)
    return count


if __name__ == "__main__":
    main()
