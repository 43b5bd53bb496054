"""The program `casebook` as a process: it lies beside the one that is tested."""

import contextlib
import os
import subprocess

from focus_process import focus_binary

RUN_WITHIN = 90.0
# How it ends.
PASSED, FAILED, INCONCLUSIVE, ERROR = 0, 1, 3, 4


def command(arguments, directory, variables):
    """How it is run; its state is in the directory."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    env |= {"HOME": str(directory), "NO_COLOR": "1"} | variables
    return {"args": [focus_binary().with_name("casebook"), *arguments], "cwd": directory, "env": env}


def casebook(*arguments, directory, **variables):
    """A run of it to its end."""
    return subprocess.run(
        **command(arguments, directory, variables), capture_output=True, text=True, timeout=RUN_WITHIN
    )


def has_no_baseline(ran):
    """Whether a run of a case tells nothing because the baseline does not hold: one late answer does that on a busy
    machine."""
    return ran.returncode == INCONCLUSIVE and "the baseline does not hold" in ran.stdout


@contextlib.contextmanager
def casebook_process(*arguments, directory, **variables):
    """A run of it that goes on meanwhile."""
    process = subprocess.Popen(
        **command(arguments, directory, variables), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
