"""A session on a Spark cluster: what must be there first, and what went wrong in one line."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException, PythonException
from pyspark.sql import SparkSession

from realloc.batch.local import THREADS
from realloc.batch.spark import quiet
from realloc.errors import InputError, Issue

JAVA = 17
LOCAL_ADDRESS = "SPARK_LOCAL_IP"
PATIENCE = 10.0
"""Seconds to wait for a master to answer."""


@contextmanager
def opened(master: str, *, level: str = "ERROR") -> Iterator[SparkSession]:
    """Open a session on a cluster, and close it in the end.

    Parameters
    ----------
    master : str
        URL of the cluster (``spark://HOST:PORT``, ``yarn``, ``k8s://...``), or ``local[N,F]``.
    level : str
        The least level of what Spark logs to standard error.

    Raises
    ------
    InputError
        There is no Java, or no cluster answers.
    """
    _find_java()
    _knock(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    config: dict[str, bool | float | int | str | None] = {
        "spark.log.level": level,
        "spark.ui.showConsoleProgress": "false",
        **{f"spark.executorEnv.{name}": "1" for name in THREADS},
    }
    builder = SparkSession.builder.master(master).appName("realloc batch").config(map=config)
    with quiet():
        try:
            with _address(master):
                session = builder.getOrCreate()
        except (PySparkException, Py4JError) as error:
            text = f"no session of Spark could be opened: {reason(error)}"
            raise InputError(Issue(code="spark.session", where=master, message=text)) from error
        try:
            yield session
        finally:
            session.stop()


@contextmanager
def _address(master: str) -> Iterator[None]:
    """Have a session on this machine alone listen on the loopback address, as long as nobody says otherwise.

    Spark takes the address of the machine's name and every interface for its pages. ``SPARK_LOCAL_IP`` is the one word
    that all of its services heed (https://spark.apache.org/docs/latest/configuration.html#environment-variables);
    Java reads it as it starts.
    """
    if LOCAL_ADDRESS in os.environ or not master.startswith("local"):
        yield
        return
    os.environ[LOCAL_ADDRESS] = "127.0.0.1"
    try:
        yield
    finally:
        del os.environ[LOCAL_ADDRESS]


def _find_java() -> None:
    """Look for Java where Spark does."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    hint = f"install Java {JAVA} or a later one, such as Debian's openjdk-17-jre-headless, or set JAVA_HOME"
    if java is None:
        text = "Spark needs Java, which is not here"
        where = f"JAVA_HOME={home}" if home else ""
        raise InputError(Issue(code="java.missing", where=where, message=text, hint=hint))
    command = [java, "-version"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr  # noqa: S603 - as Spark does
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    if found and int(found[1]) < JAVA:
        raise InputError(
            Issue(
                code="java.old", where=java, message=f"Spark needs Java {JAVA}, this is {found[1]}", hint=hint
            )
        )


def _knock(master: str) -> None:
    """See that a master of Spark's own kind answers, for Spark itself would try for a minute."""
    if re.fullmatch(r"yarn|local(\[.+\])?|k8s://.+", master):
        return
    problem = "expected spark://HOST:PORT, yarn, k8s://URL or local[TASKS,TRIES]"
    scheme, _, places = master.partition("://")
    for one in places.split(",") if scheme == "spark" else ():
        host, _, port = one.rpartition(":")
        if not (host and port.isdecimal()):
            continue
        try:
            socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
        except (OSError, OverflowError) as error:
            problem = f"no master answers: {error}"
        else:
            return
    raise InputError(
        Issue(code="spark.master", where=master, message=problem, hint="start it, or name another")
    )


def reason(error: Exception) -> str:
    """Return the line of an error of Spark that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, PythonException):  # a traceback, then perhaps one of Java
        return next(
            (line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception)\b", line)), lines[0]
        )
    if isinstance(error, Py4JJavaError):
        lines = [line.strip() for line in str(error.java_exception).splitlines()]
    return lines[0]
