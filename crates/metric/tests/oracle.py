"""What CloudWatch's statistics mean, from their definitions and with fractions, slowly.

Each line of stdin is {"values": [[value, count], ...], "statistic": "TM(2%:98%)"}; each line of stdout is the datapoint
or null. A share of the observations by rank cuts the one at the border; a percentile is the nearest rank."""
import json
import math
import re
import sys
from fractions import Fraction

PLAIN = {
    "SampleCount": len,
    "Sum": lambda values: float(sum(map(Fraction, values))),
    "Average": lambda values: float(sum(map(Fraction, values))) / len(values),
    "Minimum": min,
    "Maximum": max,
}


def percentile(values, percent):
    return values[max(math.ceil(percent * len(values) / 100), 1) - 1]


def by_rank(values, lower, upper):
    """Pairs of a value and how much of it lies between two percentages."""
    low, high = lower * len(values) / 100, upper * len(values) / 100
    for rank, value in enumerate(values):
        part = min(high, Fraction(rank + 1)) - max(low, Fraction(rank))
        if part > 0:
            yield Fraction(value), part


def by_value(values, lower, upper):
    return [(Fraction(value), 1) for value in values if lower < value <= upper]


def mean(pairs):
    weight = sum(part for _, part in pairs)
    return float(sum(value * part for value, part in pairs) / weight) if weight else None


def winsorized(values, low, high):
    return mean([(Fraction(min(max(value, low), high)), 1) for value in values])


def bounds(text):
    """The short form, a pair of percentages or a pair of values: kind, lower, upper."""
    if "(" not in text:
        return "%", Fraction(0), Fraction(text)
    lower, upper = text.strip("()").split(":")
    if "%" in text:
        return "%", Fraction(lower.rstrip("%") or 0), Fraction(upper.rstrip("%") or 100)
    return "", float(lower or "-inf"), float(upper or "inf")


def extended(values, name, text):
    if name == "p":
        return percentile(values, Fraction(text))
    kind, lower, upper = bounds(text)
    pairs = list(by_rank(values, lower, upper) if kind else by_value(values, lower, upper))
    if name == "PR":
        return 100 * len(pairs) / len(values)
    if name.upper() == "TC":
        return float(sum(part for _, part in pairs))
    if name.upper() == "TS":
        return float(sum(value * part for value, part in pairs))
    if name.upper() == "TM":
        return mean(pairs)
    if not kind:
        return winsorized(values, lower, upper)
    low = percentile(values, lower) if lower else -math.inf
    return winsorized(values, low, percentile(values, upper))


def answer(question):
    values = sorted(value for value, count in question["values"] for _ in range(count))
    statistic = question["statistic"]
    if not values:
        return None
    if statistic in PLAIN:
        return PLAIN[statistic](values)
    if values[0] < 0:
        return None
    name, text = re.fullmatch("([A-Za-z]+)(.*)", statistic.replace("IQM", "TM(25%:75%)")).groups()
    return extended(values, name, text)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
