"""The support matrix, as README shows it: what came of every client, provider and feature."""

import re

from . import cast

BLOCK = re.compile(r"(<!-- matrix: [^\n]* -->\n)(.*?)(<!-- /matrix -->)", re.DOTALL)
# One letter for each feature, in the order of README's legend.
LETTERS = {
    "chat": "C",
    "stream": "S",
    "tools": "T",
    "streamed_tools": "D",
    "pictures": "P",
    "schema": "J",
    "reasoning": "R",
    "usage": "U",
    "errors": "E",
}


def table(outcomes):
    """Markdown: a row for each provider, a column for each format. `outcomes` say of each case whether it came out right."""
    formats = list(dict.fromkeys(client.format for client in cast.CLIENTS))
    titles = ["provider, and who plays it", *(f"{form} ({clients(form)})" for form in formats)]
    rows = [titles, ["---"] * len(titles)]
    for provider in cast.PROVIDERS:
        cells = [cell(outcomes, form, provider) for form in formats]
        rows.append([f"`{provider.name}`, {provider.upstream}", *cells])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def clients(form):
    return ", ".join(f"`{client.name}`" for client in cast.CLIENTS if client.format == form)


def cell(outcomes, form, provider):
    """The letters of the features that every client of the format got right; in brackets those refused with a 400."""
    letters = []
    for feature, letter in LETTERS.items():
        played = [outcomes.get(case) for case in cast.CASES if case_is(case, form, provider, feature)]
        if played and all(played):
            refused = (form, provider.name, feature) in cast.REFUSED
            letters.append(f"({letter})" if refused else letter)
    return " ".join(letters) or "–"


def case_is(case, form, provider, feature):
    client, its_provider, its_feature = case
    return (client.format, its_provider, its_feature) == (form, provider, feature)


def told(readme):
    """The table README has."""
    found = BLOCK.search(readme.read_text())
    return found[2] if found else None


def put_into(readme, text):
    """Replaces README's table."""
    readme.write_text(BLOCK.sub(lambda found: found[1] + text + found[3], readme.read_text()))
