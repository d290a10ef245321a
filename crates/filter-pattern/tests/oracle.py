"""Asks the reference model of the specification. argv[1]: the path of refmatch.py.

Each line of stdin is {"pattern", "event", "wildcards"}; each line of stdout answers it."""
import importlib.util
import json
import sys
import warnings

warnings.simplefilter("ignore")
spec = importlib.util.spec_from_file_location("refmatch", sys.argv[1])
refmatch = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refmatch)


def answer(question):
    refmatch.GLOB = question["wildcards"]
    try:
        pattern = refmatch.parse(question["pattern"])
    except refmatch.InvalidPattern as error:
        return {"valid": False, "error": str(error)}
    matched, extracted = pattern.match(question["event"])
    return {"valid": True, "match": matched, "extracted": extracted}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
