"""Asks the reference model of the specification. argv[1]: the path of refalarm.py.

Each line of stdin is a question; each line of stdout answers it."""
import importlib.util
import json
import sys

spec = importlib.util.spec_from_file_location("refalarm", sys.argv[1])
refalarm = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refalarm)


def answer(question):
    n, m = question["n"], question["m"]
    points = question["points"]
    slots = refalarm.evaluation_range(n, question["period"])
    symbols = "".join("-" if point is None else "X" if point[0] > question["threshold"] else "0" for point in points)
    symbols = symbols[-slots:].rjust(slots, "-")
    state = refalarm.evaluate(symbols, n, m, question["treat"], "previous")
    if state == "previous":
        return {"state": question["previous"], "retained": True, "reason": None, "range": slots}
    return {"state": state, "retained": False, "reason": reason(question, state, points[-slots:]), "range": slots}


def reason(question, state, points):
    """The model leaves to its caller which datapoints are decisive. None where there are only others."""
    n, m, treat = question["n"], question["m"], question["treat"]
    real = [point for point in reversed(points) if point is not None][:n]
    bad = [point for point in real if point[0] > question["threshold"]]
    good = [point for point in real if point[0] <= question["threshold"]]
    decided = len(bad) >= m or len(good) >= n - m + 1
    filled = 0 if decided or treat in ("missing", "ignore") else n - len(real)
    listed = bad[:m] if state == "ALARM" else good[: n - m + 1]
    if real and not listed:
        return None
    return refalarm.reason(state, "GreaterThanThreshold", question["threshold"], listed, n, m, question["m_set"],
                           filled, treat)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
