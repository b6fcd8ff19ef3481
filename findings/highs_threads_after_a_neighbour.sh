#!/usr/bin/env bash
# highspy 1.15.1: an object that asks for one thread does not run after another object of the process asked for two.
#
# Guess of a good engineer: options belong to the object they are set on, so two `Highs` objects do not meet.
# Behaviour: HiGHS keeps one scheduler of tasks for each thread of the process. The first run starts it with its number of
# threads; a later run, of any object, that asks for another number is not made: `run()` returns kError and the model
# status stays kNotset. An optimiser that shares a process with another user of HiGHS has to expect this.
# Way out: run in a thread of its own, or `Highs.resetGlobalScheduler(True)`, which also ends the neighbour's scheduler.
#
# Output seen:
#   first, two threads: HighsStatus.kOk HighsModelStatus.kOptimal
#   second, one thread: HighsStatus.kError HighsModelStatus.kNotset
#   second, in its own thread: HighsStatus.kOk HighsModelStatus.kOptimal
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet highspy==1.15.1 numpy==2.4.6
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
from threading import Thread

import highspy


def model(threads):
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", threads)
    x, y = highs.addVariable(lb=0, ub=1, obj=-1), highs.addVariable(lb=0, ub=1, obj=-1)
    highs.addConstr(x + y <= 1)
    return highs


def solve(name, highs):
    print(f"{name}: {highs.run()} {highs.getModelStatus()}", flush=True)


solve("first, two threads", model(2))
second = model(1)
solve("second, one thread", second)
thread = Thread(target=solve, args=("second, in its own thread", model(1)))
thread.start()
thread.join()
PYTHON
cat "$folder/seen"
grep -q "first, two threads: HighsStatus.kOk HighsModelStatus.kOptimal" "$folder/seen"
grep -q "second, one thread: HighsStatus.kError HighsModelStatus.kNotset" "$folder/seen"
grep -q "second, in its own thread: HighsStatus.kOk HighsModelStatus.kOptimal" "$folder/seen"
