"""The demo and README: every command a newcomer is shown works as shown."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from harness import places
from harness.demo import LISTEN, Demo, listens
from harness.waiting import until

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def demo(new_directory):
    demo = Demo(new_directory())
    yield demo
    demo.interrupt()


def run(command):
    """Runs a shell command in the checkout."""
    return subprocess.run(["bash", "-euc", command], cwd=places.ROOT, capture_output=True, text=True, timeout=60)


def test_the_commands_the_demo_prints_are_answered(demo):
    curls = demo.curls()
    assert len(curls) >= 3
    for command in curls:
        done = run(command)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert '"choices"' in done.stdout and '"error"' not in done.stdout, f"{command}\n{done.stdout}"
    assert any("[DONE]" in run(command).stdout for command in curls)


def test_the_demo_says_where_metrics_are(demo):
    (address, *_) = re.findall(r"http://[\w.:]+/stats/prometheus", demo.output())
    until("metrics", lambda: "dragoman_requests_total" in run(f"curl -sS {address}").stdout)


def test_ctrl_c_leaves_no_process_behind(new_directory, demo):
    # The demo of the other tests ends here; a fixture that restarts it would only cost time.
    processes = demo.descendants()
    assert len(processes) >= 2
    assert demo.interrupt() in (0, 130, -2)
    until("their end", lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    assert not listens(LISTEN)


def commands():
    """The commands in README: lines after `$ ` in console blocks, whole sh blocks."""
    if not places.README.exists():
        return []
    found = []
    for language, block in BLOCK.findall(places.README.read_text()):
        if language == "console":
            lines = re.sub(r"\\\n\s*(> )?", " ", block).splitlines()
            found += [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        elif language in ("sh", "bash", "shell"):
            found += [line for line in re.sub(r"\\\n\s*", " ", block).splitlines() if line.strip()]
    return [command for command in found if not command.startswith("#")]


def test_readme_shows_commands():
    assert {"make run", "make test"} <= set(commands())


@pytest.mark.parametrize("command", [command for command in commands() if "make" not in shlex.split(command)[:1]])
def test_a_command_in_readme_works(readme_demo, command):
    done = run(command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("command", [command for command in commands() if shlex.split(command)[:1] == ["make"]])
def test_a_target_in_readme_exists(command):
    # What the targets do is tested elsewhere; here they are only looked up.
    done = run(f"make --dry-run {command.removeprefix('make')}")
    assert done.returncode == 0, done.stderr


def test_the_configuration_in_readme_is_good():
    (example,) = [block for language, block in BLOCK.findall(places.README.read_text()) if language == "yaml"]
    command = [str(places.DRAGOMAN), "check", "/dev/stdin", "--allow-missing-env"]
    done = subprocess.run(command, input=example, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "unknown price" not in done.stderr and "ignored" not in done.stderr


@pytest.fixture(scope="module")
def readme_demo(new_directory):
    demo = Demo(new_directory())
    yield demo
    demo.interrupt()
