#!/usr/bin/env bash
# ofxtools 1.1.1: the day of an evening trade becomes the next day.
#
# Guess of a good engineer: `dttrade.date()` is the trade date that the broker wrote.
# Behaviour: every date with an offset is converted to UTC, so 20:20 in New York on 31 December is 1 January. A holding
# period, a wash-sale window or a tax year counted from it is a day late, and no warning says so.
# Way out: read the eight digits of the day from the element before it is converted.
#
# Output seen:
#   written 20261231202000[-5:EST], read 2027-01-01
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ofxtools==1.1.1
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
from ofxtools.Types import DateTime

text = "20261231202000[-5:EST]"
print(f"written {text}, read {DateTime().convert(text).date()}")
PYTHON
cat "$folder/seen"
grep -q "read 2027-01-01" "$folder/seen"
