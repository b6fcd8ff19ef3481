"""A program with a session of its own: plan a folder of tables, one household of which kills its process."""

from __future__ import annotations

import sys
from pathlib import Path

from realloc.batch import TABLES, Options
from realloc.batch import spark as engine
from realloc.batch.session import opened
from tests.batch.deadly import deadly_plan


def main(master: str, tables: str, results: str) -> None:
    """Plan, write the frame once, and write each table of it."""
    vars(engine)["plan_partition"] = deadly_plan  # in place of the real mapper
    with opened(master) as session:
        frames = {name: session.read.parquet(str(Path(tables) / f"{name}.parquet")) for name in TABLES}
        planned = engine.plan_frames(frames, Options(run_id="own"), partitions=3)
        planned.write.parquet(str(Path(results) / "planned"))
        for name, frame in engine.result_frames(session.read.parquet(str(Path(results) / "planned"))).items():
            frame.write.parquet(str(Path(results) / name))


if __name__ == "__main__":
    main(*sys.argv[1:])
