"""A Spark cluster of its own processes on this machine, a master and workers, for tests and measurements.

Everything listens on 127.0.0.1, at ports that the system picks, and ends with the ``with`` block.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

SPARK = Path(pyspark.__file__).parent
HOST = "127.0.0.1"
PATIENCE = 120.0
"""Seconds to wait for a process to say that it is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running cluster: its URL, and the processes of its workers and its master."""

    url: str
    processes: tuple[subprocess.Popen[bytes], ...]

    def busy(self) -> list[int]:
        """Return the process ids of executors that have begun tasks in Python."""
        executors = [pid for pid in self._below() if b"CoarseGrainedExecutorBackend" in _command(pid)]
        return [pid for pid in executors if any(b"pyspark.daemon" in _command(one) for one in _children(pid))]

    def _below(self) -> list[int]:
        return [pid for process in self.processes for pid in (process.pid, *_descendants(process.pid))]


@contextmanager
def loopback(folder: Path, *, workers: int = 2, cores: int = 1) -> Iterator[Cluster]:
    """Start a cluster that keeps its logs and its shuffle in a folder.

    Parameters
    ----------
    folder : path
        Is there.
    workers : int
        Workers, each a process.
    cores : int
        Tasks that a worker runs at a time.
    """
    running: list[subprocess.Popen[bytes]] = []
    try:
        master = ["org.apache.spark.deploy.master.Master", "--host", HOST, "--port", "0", "--webui-port", "0"]
        running.append(_start(master, folder, "master"))
        url = _said(running[0], folder / "master.log", r"Starting Spark master at (spark://\S+)")
        for n in range(workers):
            worker = [
                "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--webui-port", "0", "--cores", str(cores),
                "--memory", "1g", "--work-dir", str(folder / f"work-{n}"), url,
            ]  # fmt: skip
            running.append(_start(worker, folder, f"worker-{n}"))
        for n in range(workers):
            _said(running[1 + n], folder / f"worker-{n}.log", r"(Successfully registered) with master")
        yield Cluster(url=url, processes=tuple(running))
    finally:
        for process in reversed(running):
            for pid in [*_descendants(process.pid), process.pid]:
                _kill(pid)
            process.wait()


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of the cluster and of what uses it: everything stays on the loopback address."""
    return {
        **os.environ,
        "SPARK_HOME": str(SPARK),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": sys.executable,
    }


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, of all that run below it, and of those of them that have ended."""
    used = 0.0
    for one in (pid, *_descendants(pid)):
        try:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it is gone
            continue
        used += sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return used


def _start(arguments: list[str], folder: Path, name: str) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [str(SPARK / "bin" / "spark-class"), *arguments],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment(folder), cwd=folder,
        )  # fmt: skip


def _said(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    """Wait for a line of a process's log, and return what the pattern picks of it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        found = re.search(pattern, log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"a part of Spark did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _descendants(pid: int) -> list[int]:
    found = _children(pid)
    for one in found:
        found += _children(one)
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(one) for task in tasks for one in (task / "children").read_text(encoding="ascii").split()]
    except OSError:  # it is gone
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
