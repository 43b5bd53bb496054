"""Linux as a process of the tests' own, for what the machine's kernel may lack: Debian's package user-mode-linux.

It has the machine's files, to be read; what is written is in its memory, and is gone with it. It has one processor,
and whoever runs there is root. It starts in about a second, but system calls take it long.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import packets
import pytest
from focus_process import ROOT, focus_binary

KERNEL = "linux.uml"
MODULES = Path("/usr/lib/uml/modules")
MEMORY = "2G"
DEVICE, HERE, THERE = "other_kernel", "10.99.0.1", "10.99.0.2"
RUNS_WITHIN = 170.0
# The environment of what runs there. Whatever wants to write is sent to memory.
ENVIRONMENT = {"HOME": "/run/home", "TMPDIR": "/run/tmp", "PYTHONDONTWRITEBYTECODE": "1"}


@contextlib.contextmanager
def wire():
    """A network of two: this one is at `HERE`, the kernel that is run meanwhile is at `THERE`."""
    packets.need_own_network()
    _ip("tuntap", "add", DEVICE, "mode", "tap")
    try:
        _ip("address", "add", f"{HERE}/24", "dev", DEVICE)
        _ip("link", "set", DEVICE, "up")
        yield
    finally:
        _ip("link", "delete", DEVICE)


def _ip(*words):
    subprocess.run(["ip", *words], check=True, timeout=10)


def run(command, directory):
    """Runs a command there to its end; how that ended, with what it printed. `directory` is written to, there as here.

    It needs the `wire`."""
    if shutil.which(KERNEL) is None:
        pytest.skip(f"needs {KERNEL}, of Debian's user-mode-linux")
    output, status = directory / "output", directory / "status"
    init = directory / "init"
    init.write_text(_init(command, directory))
    init.chmod(0o700)
    kernel = [KERNEL, "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"mem={MEMORY}", f"init={init}"]
    network = [f"vec0:transport=tap,ifname={DEVICE},depth=128,gro=1"]
    quiet = ["quiet", "loglevel=0", "con=null", "con0=null,fd:1"]
    # What it starts is of its session, and ends with it.
    with subprocess.Popen(
        kernel + network + quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TMPDIR": "/dev/shm"},
        start_new_session=True,
    ) as process:
        try:
            console, _ = process.communicate(timeout=RUNS_WITHIN)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert status.exists(), f"the kernel did not come so far:\n{console}"
    return subprocess.CompletedProcess(command, int(status.read_text()), output.read_text())


def _init(command, directory):
    """What is started first there. Modules are loaded when they are wanted, as on any machine."""
    exports = (ENVIRONMENT | {"PATH": os.environ["PATH"], "FOCUS_BIN": str(focus_binary())}).items()
    here = shlex.quote(str(directory))
    return f"""#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs run /run
mkdir -p /dev/shm /dev/pts /run/home /run/tmp /run/modules/lib/modules
mount -t tmpfs shm /dev/shm
mount -t devpts devpts /dev/pts
mount -t hostfs -o {here} none {here}
{"".join(f"export {name}={shlex.quote(value)}" + chr(10) for name, value in exports)}
ln -s {MODULES}/* /run/modules/lib/modules/
printf '#!/bin/sh\\nexec modprobe -d /run/modules "$@"\\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
ip link set lo up
ip address add {THERE}/24 dev vec0
ip link set vec0 up
cd {shlex.quote(str(ROOT))}
{shlex.join(map(str, command))} >{here}/output 2>&1
echo $? >{here}/status
sync
echo o >/proc/sysrq-trigger
sleep 10
"""
