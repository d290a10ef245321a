"""Answers the lines that `kmswatch evaluate` reads, by the reference model of the specification (argv[1]: its path)."""
import importlib.util
import json
import sys
from datetime import datetime, timezone

spec = importlib.util.spec_from_file_location("refalarm", sys.argv[1])
refalarm = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refalarm)


def answer(question):
    n, period, treat = question["EvaluationPeriods"], question["Period"], question["TreatMissingData"] or "missing"
    m, threshold = question["DatapointsToAlarm"] or n, question["Threshold"]
    slots = refalarm.evaluation_range(n, period)
    points = ([None] * slots + question["Datapoints"])[-slots:]
    symbols = "".join("-" if value is None else "X" if value > threshold else "0" for value in points)
    state = refalarm.evaluate(symbols, n, m, treat, "previous")
    retained = state == "previous"
    return {
        "state": question["PreviousState"] if retained else state,
        "retained": retained,
        "range": slots,
        "reason": None if retained else reason(question, state, points, n, m, treat),
    }


def reason(question, state, points, n, m, treat):
    """The model leaves to its caller which datapoints are decisive. None where there are only others."""
    newest = enumerate(reversed(points), 1)
    real = [(value, start(question, age)) for age, value in newest if value is not None][:n]
    bad = [point for point in real if point[0] > question["Threshold"]]
    good = [point for point in real if point[0] <= question["Threshold"]]
    decided = len(bad) >= m or len(good) >= n - m + 1
    filled = 0 if decided or treat in ("missing", "ignore") else n - len(real)
    listed = bad[:m] if state == "ALARM" else good[: n - m + 1]
    if real and not listed:
        return None
    m_set = question["DatapointsToAlarm"] is not None
    operator = question["ComparisonOperator"]
    return refalarm.reason(state, operator, question["Threshold"], listed, n, m, m_set, filled, treat)


def start(question, age):
    time = question["EndTime"] - age * question["Period"]
    return datetime.fromtimestamp(time, timezone.utc).strftime("%d/%m/%y %H:%M:%S")


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
