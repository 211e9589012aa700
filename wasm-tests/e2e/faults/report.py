"""The table of the fault matrix, as README shows it."""

import re

from .matrix import FAULTS, MODES, TRANSPORTS, Case

BLOCK = re.compile(r"(<!-- faults: [^\n]* -->\n).*?(<!-- /faults -->)", re.DOTALL)


def table(outcomes):
    """Markdown: a row for each fault, a column for each transport and mode. `outcomes` are by transport and case."""
    columns = [(transport, mode) for transport in TRANSPORTS for mode in MODES]
    titles = ["fault", *(f"`{transport}`, {mode}" for transport, mode in columns)]
    rows = [titles, ["---"] * len(titles)]
    for fault in FAULTS:
        cells = [cell(outcomes[transport].get(Case(fault, mode))) for transport, mode in columns]
        rows.append([fault.name, *cells])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(outcome):
    """What the client saw, the calls of primary, second and fallbacks, and milliseconds."""
    if outcome is None:
        return "–"
    saw = {"answer": outcome.by or "answer", "error": str(outcome.answer.status)}.get(outcome.sees, outcome.sees)
    others = sum(times for role, times in outcome.calls.items() if role not in ("primary", "second"))
    return f"{saw} {outcome.calls['primary']}·{outcome.calls['second']}·{others}, {outcome.answer.ms}"


def put_into(readme, text):
    """Replaces what is between README's markers; whether there are any."""
    old = readme.read_text()
    new, count = BLOCK.subn(lambda found: f"{found[1]}{text}{found[2]}", old)
    if new != old:
        readme.write_text(new)
    return count == 1
