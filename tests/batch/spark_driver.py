"""A session of its own for a program, with a mapper that one household kills, and then for a broken batch."""

from __future__ import annotations

import runpy
import sys

from realloc.batch import spark as engine
from realloc.batch.cluster import run_spark
from realloc.batch.session import opened
from realloc.errors import ReallocError
from tests.batch.deadly import deadly_plan


def main(master: str, program: str, broken: str, out: str) -> None:
    """Run the program with a session of its own as ``spark``, then say what a run on broken tables ends with."""
    vars(engine)["plan_partition"] = deadly_plan  # in place of the real mapper
    with opened(master) as session:
        runpy.run_path(program, init_globals={"spark": session})
        try:
            run_spark(session, broken, out)
        except ReallocError as error:
            sys.stdout.write(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
