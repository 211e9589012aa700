"""Reads Prometheus' text format, as far as Envoy writes it."""

import re
from collections import defaultdict

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """Samples by name; each is a pair of labels and value."""

    def __init__(self, text):
        self.samples = defaultdict(list)
        for line in text.splitlines():
            if sample := SAMPLE.match(line):
                labels = {name: _unescaped(value) for name, value in LABEL.findall(sample[2] or "")}
                self.samples[sample[1]].append((labels, float(sample[3])))

    def names(self):
        return set(self.samples)

    def sum(self, name, **labels):
        """The sum of the samples of `name` that have at least these labels."""
        return sum(value for has, value in self.samples.get(name, []) if labels.items() <= has.items())

    def values(self, name, label):
        """The values that `label` has among the samples of `name`."""
        return {has[label] for has, _ in self.samples.get(name, []) if label in has}


def _unescaped(value):
    return value.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
