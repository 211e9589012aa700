"""What a choice costs: groups of three deployments and of a thousand, under each strategy, with the same load.

All of it is the same Envoy: the ratio of the two in the same round is what a larger group costs.
"""

import contextlib
import statistics
import tempfile
from pathlib import Path

import yaml

import bench
import envoys
import loads
import servers

STRATEGIES = ["simple-shuffle", "least-busy", "latency-based-routing", "cost-based-routing", "usage-based-routing-v2"]
FEW, MANY = 3, 1_000


def main() -> None:
    options = bench.arguments()
    bench.require(options)
    cores = servers.Cores(options.pin)
    lines = [f"| strategy | {FEW} deployments | {MANY:,} deployments | ratio |", "|---|--:|--:|--:|"]
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(servers.stand_in(options.stand_in, cores.others))
        for strategy in STRATEGIES:
            with started(strategy, options, provider, scratch, cores) as target:
                lines.append(row(strategy, measure(target, options, scratch, cores)))
    print("\n".join(lines))


@contextlib.contextmanager
def started(strategy: str, options, provider: int, scratch: Path, cores: servers.Cores):
    listen, admin = servers.free_port(), servers.free_port()
    source = scratch / "routing.yaml"
    source.write_text(yaml.safe_dump(config(provider, strategy), sort_keys=False))
    rendered = envoys.dragoman(listen, admin, source, options.command, options.wasm, options.log)
    with servers.envoy(options.envoy, rendered, scratch / f"{strategy}.yaml", admin, cores.envoy) as server:
        yield bench.Target("dragoman", listen, server)


def config(provider: int, strategy: str) -> dict:
    """Two groups of deployments that are alike: no limit is ever reached, and none fails."""
    params = {"model": "openai/gpt-4o-mini", "api_base": f"http://127.0.0.1:{provider}/v1", "api_key": "sk-bench",
              "tpm": 10**9, "rpm": 10**8}
    groups = {"few": FEW, "many": MANY}
    return {
        "model_list": [
            {"model_name": name, "litellm_params": params, "model_info": {"id": f"{name}-{number}"}}
            for name, size in groups.items() for number in range(size)
        ],
        "router_settings": {"routing_strategy": strategy},
    }


def measure(target: bench.Target, options, scratch: Path, cores: servers.Cores) -> list:
    """For each round: the sample of the small group and that of the large one."""
    runs = [bench.Run(target, Routed(f"OpenAI, {name}", name, 115), scratch, cores) for name in ("few", "many")]
    for run in runs:
        run.check()
        run.sample(1)
    rounds = []
    for number in range(options.rounds):
        order = runs if number % 2 == 0 else runs[::-1]
        samples = {id(run): run.sample(options.seconds) for run in order}
        rounds.append([samples[id(run)] for run in runs])
    return rounds


class Routed(loads.Load):
    """A chat request to a group of that name."""

    def body(self, translated: bool) -> bytes:
        return loads.encode({"model": self.alias, "messages": loads.messages(30)})

    def format(self, translated: bool) -> str:
        return "chat"


def row(strategy: str, rounds: list) -> str:
    ratios = [many.per_second / few.per_second for few, many in rounds]
    low, middle, high = statistics.quantiles(ratios, n=4)
    few, many = (statistics.median(samples[side].per_second for samples in rounds) for side in (0, 1))
    return f"| {strategy} | {few:,.0f}/s | {many:,.0f}/s | **{middle:.2f}** ({low:.2f}–{high:.2f}) |"


if __name__ == "__main__":
    main()
