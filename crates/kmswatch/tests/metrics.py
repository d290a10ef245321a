"""Reads a page of metrics as Prometheus' own client does, and prints what it says as JSON."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        found = families.setdefault(sample.name, {"type": family.type, "help": family.documentation, "samples": []})
        found["samples"].append([sample.labels, sample.value])
print(json.dumps(families))
