"""When does each alarm change its state? Computed from the specification's reference models alone, minute by minute.

usage: alarm_states.py SPEC LOGS   (filters and alarms as JSON on standard input)
"""
import gzip
import json
import pathlib
import sys
from datetime import datetime, timezone

SPEC, LOGS = sys.argv[1:]
sys.path.insert(0, SPEC)
import refalarm  # noqa: E402
import refmatch  # noqa: E402

OPERATORS = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
STATISTICS = {
    "Sum": sum,
    "SampleCount": len,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
}


def records(folder):
    """All records of log files as CloudTrail delivers them, in any order."""
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if not path.is_file() or "CloudTrail-Digest" in str(path) or not path.name.endswith(".json.gz"):
            continue
        yield from json.loads(gzip.decompress(path.read_bytes())).get("Records", [])


def seconds(record):
    moment = datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ")
    return int(moment.replace(tzinfo=timezone.utc).timestamp())


def observations(filters, folder):
    """Per metric: minute -> values. Also the first and the last minute of all records."""
    metrics = {one["metric"]: {} for one in filters}
    compiled = [(one, refmatch.parse(one["pattern"])) for one in filters]
    seen, minutes = set(), []
    for record in records(folder):
        minute = seconds(record) // 60 * 60
        minutes.append(minute)
        event = json.dumps(record)
        matching = [one for one, pattern in compiled if pattern.match(event)[0]]
        key = (record["eventID"], record.get("recipientAccountId"))
        if (record.get("addendum") or {}).get("reason") == "UPDATED_DATA":
            key = (record["addendum"]["originalEventID"], record.get("recipientAccountId"))
        is_repeat = bool(matching) and key in seen
        if matching:
            seen.add(key)
        for one in filters:
            if one in matching:
                if not is_repeat:
                    metrics[one["metric"]].setdefault(minute, []).append(1.0)
            elif one.get("default") is not None:
                metrics[one["metric"]].setdefault(minute, []).append(one["default"])
    return metrics, min(minutes), max(minutes)


def changes(alarm, minutes, first, last):
    period, count = alarm["period"], alarm["n"]
    grain = 3600 if period * count > 86_400 else min(period, 60)
    slots = refalarm.evaluation_range(count, period)
    breaches, statistic = OPERATORS[alarm["op"]], STATISTICS[alarm["stat"]]
    state, found = "INSUFFICIENT_DATA", []
    end = (first // grain + 1) * grain
    while end <= last + 60:
        points = ""
        for age in range(slots, 0, -1):
            start = end - age * period
            values = [value for minute in range(-(-start // 60) * 60, start + period, 60) for value in minutes.get(minute, [])]
            points += "-" if not values else "X" if breaches(statistic(values), alarm["threshold"]) else "0"
        new = refalarm.evaluate(points, count, alarm["m"], alarm["treat"], state)
        if new != state:
            found.append([end, state, new])
            state = new
        end += grain
    return found


def main():
    question = json.load(sys.stdin)
    metrics, first, last = observations(question["filters"], LOGS)
    answer = {alarm["name"]: changes(alarm, metrics[alarm["metric"]], first, last) for alarm in question["alarms"]}
    json.dump(answer, sys.stdout)


main()
