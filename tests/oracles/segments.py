"""How PyPI smsutil sends each text of the standard input, one JSON string a line: its encoding and its parts."""

import json
import sys

import smsutil

for line in sys.stdin:
    split = smsutil.split(json.loads(line))
    encoding = "GSM-7" if split.encoding == "gsm0338" else "UCS-2"
    print(json.dumps({"encoding": encoding, "segments": len(split.parts)}))
