#!/usr/bin/env bash
# cyclopts 5.4.0: an option of the type int takes 2.5 and passes 2.
#
# Guess of a good engineer: the type int is a promise, and "2.5" is refused as argparse and click refuse it.
# Behaviour: a text with a decimal point is read as a float and rounded. For a number of shares, rounds or workers the
# command does something else than it was told, and says nothing.
# Way out: a converter of one's own, `Parameter(converter=...)`, that calls `int` on the text.
#
# Output seen:
#   told 2.5, got 2
#   told 3.5, got 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cyclopts==5.4.0
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
from cyclopts import App

app = App(result_action="return_value")


@app.default
def main(*, rounds: int) -> int:
    return rounds


for told in ("2.5", "3.5"):
    print(f"told {told}, got {app(['--rounds', told])}")
PYTHON
cat "$folder/seen"
grep -q "told 2.5, got 2" "$folder/seen"
grep -q "told 3.5, got 4" "$folder/seen"
