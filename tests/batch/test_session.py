"""A session of Spark on this machine listens on the loopback address alone, unless somebody says otherwise."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from realloc.batch.session import _address

OPENED = """
import sys
from realloc.batch.session import opened
with opened("local[1,1]") as session:
    session.range(10).mapInArrow(lambda batches: batches, "id long").collect()
    print("open", flush=True)
    sys.stdin.read()
"""
LISTENING = "0A"


def descendants(pid: int) -> set[int]:
    """Return a process and all that it has started, as far as they still run."""
    found = {pid}
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found |= descendants(int(child))
    return found


def sockets(pid: int) -> set[str]:
    """Return the inodes of a process's sockets."""
    found = set()
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink()) if link.is_symlink() else ""
            found.add(target.removeprefix("socket:[").removesuffix("]"))
    return found


def listening(pids: set[int]) -> set[str]:
    """Return the addresses on which processes listen."""
    inodes = {inode for pid in pids for inode in sockets(pid)}
    found = set()
    for family, name in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                words = bytes.fromhex(fields[1].partition(":")[0])
                # an address is words of four bytes, each in the order of the machine
                address = b"".join(words[n : n + 4][::-1] for n in range(0, len(words), 4))
                found.add(socket.inet_ntop(family, address))
    return found


def addresses() -> set[str]:
    """Return where a session listens."""
    environment = {name: value for name, value in os.environ.items() if name != "SPARK_LOCAL_IP"}
    run = subprocess.Popen(
        [sys.executable, "-c", OPENED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == b"open\n"
        return listening(descendants(run.pid))
    finally:
        run.communicate(b"")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="this system does not tell who listens")
def test_a_session_of_this_machine_listens_on_loopback_alone() -> None:
    found = addresses()
    assert found
    assert found <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_another_address_stays_where_somebody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.2")
    with _address("local[2,1]"):
        assert os.environ["SPARK_LOCAL_IP"] == "127.0.0.2"
    monkeypatch.delenv("SPARK_LOCAL_IP")
    with _address("spark://somewhere:7077"):
        assert "SPARK_LOCAL_IP" not in os.environ
