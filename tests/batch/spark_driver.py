"""A program with a session of its own: run what a file has to say to it, with a mapper that one household kills."""

from __future__ import annotations

import runpy
import sys

from realloc.batch import spark as engine
from realloc.batch.session import opened
from tests.batch.deadly import deadly_plan


def main(master: str, program: str) -> None:
    """Run the program with a session of its own as ``spark``."""
    vars(engine)["plan_partition"] = deadly_plan  # in place of the real mapper
    with opened(master) as session:
        runpy.run_path(program, init_globals={"spark": session})


if __name__ == "__main__":
    main(*sys.argv[1:])
