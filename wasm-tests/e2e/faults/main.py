"""`make faults`: plays every fault in both transports, prints the table, and puts it into README."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults import report, setting  # noqa: E402
from faults.matrix import TRANSPORTS  # noqa: E402
from faults.play import play_all, problems  # noqa: E402
from harness import places  # noqa: E402
from harness.gateway import Gateway, render  # noqa: E402
from harness.stand_in import StandIn  # noqa: E402


def main():
    outcomes = {transport: outcomes_of(transport) for transport in TRANSPORTS}
    text = report.table(outcomes)
    print(text, end="")
    if not report.put_into(places.README, text):
        print("README has no place for the table", file=sys.stderr)
    found = [
        f"{case.group} by {transport}: {problem}"
        for transport, of in outcomes.items()
        for case, outcome in of.items()
        for problem in problems(case, transport, outcome)
    ]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    sys.exit(1 if found else 0)


def outcomes_of(transport):
    """Plays all cases one after the other, so that the times are worth printing."""
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        provider = StandIn(directory)
        try:
            bootstrap = render(setting.config(provider.url, transport), directory)
            setting.edit(bootstrap)
            gateway = Gateway(bootstrap, directory)
            try:
                return play_all(gateway, provider, workers=1)
            finally:
                gateway.end()
        finally:
            provider.end()


if __name__ == "__main__":
    main()
