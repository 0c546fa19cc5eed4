"""What PyPI phonenumbers makes of each number of the standard input, one JSON pair a line: [number, region]."""

import json
import sys

import phonenumbers

TYPES = {value: name for name, value in vars(phonenumbers.PhoneNumberType).items() if isinstance(value, int)}

for line in sys.stdin:
    number, region = json.loads(line)
    answer = {"e164": None, "type": None}
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed and phonenumbers.is_valid_number(parsed):
        answer["e164"] = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        answer["type"] = TYPES[phonenumbers.number_type(parsed)]
    print(json.dumps(answer))
