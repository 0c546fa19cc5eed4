"""The public holidays of France that PyPI holidays knows: years from and to, and a subdivision or nothing, as arguments."""

import json
import sys

import holidays

first, last, *subdivision = sys.argv[1:]
years = range(int(first), int(last) + 1)
print(json.dumps(sorted(day.isoformat() for day in holidays.France(years=years, subdiv=(subdivision or [None])[0]))))
