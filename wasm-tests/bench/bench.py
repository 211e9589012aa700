"""What the gateway costs: bare Envoy, Envoy with an idle Wasm filter, and Dragoman by both retry transports, under the same load.

Absolute figures drift with the machine and its neighbours, so every round loads all of them in turn and only
ratios within one round are compared. Envoy, the load and the provider share all cores, as they would on a small node;
with --pin Envoy has a core of its own, is the bottleneck, and its ratio is that of its CPU time.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

import envoys
import loads
import servers

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 16
FILTERS = ["bare", "floor", "dragoman", "dragoman-envoy"]


@dataclass(frozen=True)
class Sample:
    """One run of wrk."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True)
class Target:
    """One Envoy under test."""

    name: str
    port: int
    server: servers.Server

    @property
    def translated(self) -> bool:
        return self.name.startswith("dragoman")


def main() -> None:
    options = arguments()
    require(options)
    cores = servers.Cores(options.pin)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(servers.stand_in(options.stand_in, cores.others))
        for model in loads.STREAMED:
            servers.order(provider, model, {"chunks": loads.CHUNKS, "chunk_bytes": loads.CHUNK_BYTES})
        targets = [stack.enter_context(started(name, options, provider, scratch, cores))
                   for name in FILTERS if name == "bare" or name in options.only]
        print(table(measure(targets, options, scratch, cores), targets, options, cores))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured (default 7)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each measurement lasts (default 2)")
    parser.add_argument("--only", nargs="+", choices=FILTERS[1:], default=FILTERS[1:], help="compare only these with bare Envoy")
    parser.add_argument("--loads", nargs="+", default=[], metavar="WORD", help="only loads whose name contains one of these words")
    parser.add_argument("--pin", action="store_true", help="give Envoy one core of its own, the load and the provider the others")
    parser.add_argument("--no-log", dest="log", action="store_false", help="take the access log out of all configurations")
    parser.add_argument("--stand-in", type=Path, default=ROOT / "target/release/stand-in")
    parser.add_argument("--floor", type=Path, default=ROOT / "target/wasm32-wasip1/release/examples/floor.wasm")
    parser.add_argument("--command", type=Path, default=ROOT / "dist/dragoman")
    parser.add_argument("--wasm", type=Path, default=ROOT / "dist/dragoman.wasm")
    parser.add_argument("--envoy", default=os.environ.get("ENVOY", str(ROOT / ".venv/bin/envoy")))
    return parser.parse_args()


def require(options: argparse.Namespace) -> None:
    """Ends the program if something it needs is missing, and says where to get it."""
    build = "cargo build --release -p wasm-tests"
    needs = {
        options.command: "make build",
        options.stand_in: f"{build} --bin stand-in",
        options.envoy: "make setup, or ENVOY=/path/to/envoy",
    }
    if "floor" in options.only:
        needs[options.floor] = f"{build} --example floor --target wasm32-wasip1"
    if any(name.startswith("dragoman") for name in options.only):
        needs[options.wasm] = "make build"
    missing = [f"{path} is missing: {remedy}" for path, remedy in needs.items() if not Path(path).exists()]
    if not shutil.which("wrk"):
        missing.append("wrk is missing: apt-get install wrk")
    if missing:
        sys.exit("\n".join(missing))


@contextlib.contextmanager
def started(name: str, options: argparse.Namespace, provider: int, scratch: Path, cores: servers.Cores):
    """The Envoy called `name`."""
    listen, admin = servers.free_port(), servers.free_port()
    source = scratch / "config.yaml"
    transport = "envoy" if name == "dragoman-envoy" else "dispatch"
    source.write_text(yaml.safe_dump(envoys.dragoman_config(provider, loads.MODELS, transport), sort_keys=False))
    config = envoys.dragoman(listen, admin, source, options.command, options.wasm, options.log)
    if name == "bare":
        config = envoys.bare(config)
    elif name == "floor":
        config = envoys.floor(config, options.floor)
    with servers.envoy(options.envoy, config, scratch / f"{name}.yaml", admin, cores.envoy) as server:
        yield Target(name, listen, server)


def measure(targets: list, options: argparse.Namespace, scratch: Path, cores: servers.Cores) -> dict:
    """For each load, for each round: the sample of each target."""
    wanted = [load for load in loads.LOADS
              if not options.loads or any(word in load.name for word in options.loads)]
    rounds = {}
    for load in wanted:
        runs = {target: Run(target, load, scratch, cores) for target in targets}
        for run in runs.values():
            run.check()
            run.sample(1)
        rounds[load] = []
        for number in range(options.rounds):
            # Whoever goes first meets another machine than whoever goes last: take turns.
            first = number % len(targets)
            order = targets[first:] + targets[:first]
            rounds[load].append({target: runs[target].sample(options.seconds) for target in order})
        print(f"{load.name}: {options.rounds} rounds", file=sys.stderr)
    return rounds


class Run:
    """One load on one target."""

    def __init__(self, target: Target, load: loads.Load, scratch: Path, cores: servers.Cores):
        self.target, self.load, self.cores = target, load, cores
        self.url = f"http://127.0.0.1:{target.port}{load.path(target.translated)}"
        self.headers = {"content-type": "application/json", **load.headers(target.translated)}
        self.body = load.body(target.translated)
        self.file = scratch / f"{target.name}.body"
        self.size = 0

    def check(self) -> None:
        """One request, and its answer must be right."""
        answer = servers.post(self.url, self.body, self.headers)
        self.load.check(answer, self.target.translated)
        self.size = len(answer)

    def sample(self, seconds: int) -> Sample:
        self.file.write_bytes(self.body)
        headers = [f"{name}: {value}" for name, value in self.headers.items()]
        script = Path(__file__).with_name("post.lua")
        before = self.target.server.cpu_seconds()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s",
             "-s", str(script), self.url, "--", str(self.file), *headers],
            check=True, capture_output=True, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, self.cores.others))
        cpu = self.target.server.cpu_seconds() - before
        return self.judged(json.loads(done.stdout.strip().splitlines()[-1]), cpu)

    def judged(self, counted: dict, cpu: float) -> Sample:
        """Ends the program if a single request went wrong: a fast failure is no result."""
        name = f"{self.load.name}, {self.target.name}"
        if counted["refusals"] or counted["failures"]:
            raise SystemExit(f"{name}: {counted['refusals']} refusals, {counted['failures']} failures")
        requests = counted["requests"]
        if not requests or counted["bytes"] < requests * self.size * 0.9:
            raise SystemExit(f"{name}: answers are missing or too short")
        return Sample(requests / counted["seconds"], counted["p50_us"] / 1000,
                      counted["p99_us"] / 1000, cpu / requests * 1e6)


def table(rounds: dict, targets: list, options: argparse.Namespace, cores: servers.Cores) -> str:
    """Markdown: medians of the ratios to bare Envoy in the same round, then medians of the plain figures."""
    unit = "chunks/s" if all(load.stream for load in rounds) else "requests/s"
    lines = [
        f"{options.rounds} rounds of {options.seconds} s, {CONNECTIONS} connections, "
        + ("one Envoy worker on a core of its own" if cores.pinned
           else f"{len(cores.envoy)} Envoy workers on {len(cores.envoy)} cores shared with load and provider")
        + "; × is the median ratio to bare Envoy in the same round "
        "(in brackets: the middle half of the rounds). CPU is that of Envoy. Streams are counted in chunks, CPU µs too.",
        "",
        f"| load | filter | {unit} × | p50 × | p99 × | CPU × | {unit} | p50 ms | p99 ms | CPU µs |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    bare = targets[0]
    for load, samples in rounds.items():
        factor = loads.CHUNKS if load.stream else 1
        for target in targets:
            figures = [(one[target], one[bare]) for one in samples]
            lines.append(row(load.name, target.name, figures, factor))
    return "\n".join(lines)


def row(load: str, name: str, figures: list, factor: int) -> str:
    def ratio(field: str) -> str:
        pairs = [(getattr(mine, field), getattr(bare, field)) for mine, bare in figures]
        ratios = [mine / bare for mine, bare in pairs if bare]
        if name == "bare" or len(ratios) < 4:
            return f"{statistics.median(ratios):.2f}"
        low, middle, high = statistics.quantiles(ratios, n=4)
        return f"{middle:.2f} ({low:.2f}–{high:.2f})"

    def plain(field: str) -> float:
        return statistics.median(getattr(mine, field) for mine, _ in figures)

    fields = ["per_second", "p50_ms", "p99_ms", "cpu_us"]
    cells = [load, name, *(ratio(field) for field in fields),
             f"{plain('per_second') * factor:,.0f}", f"{plain('p50_ms'):.2f}", f"{plain('p99_ms'):.2f}",
             f"{plain('cpu_us') / factor:,.1f}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
