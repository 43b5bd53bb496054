"""The container image, as far as it can be looked at without an engine that builds it: what its Dockerfile takes, and
whether the program runs with no other files than the image has.
"""

import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from focus_process import ROOT, focus_binary

DOCKERFILE = (ROOT / "Dockerfile").read_text()
CARGO = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
KUBERNETES = ROOT / "deploy/kubernetes"
USER = 10001


@pytest.fixture(scope="module")
def rootfs(tmp_path_factory):
    """The files of an image with the program that is tested."""
    if subprocess.run(["unshare", "--user", "true"], capture_output=True, timeout=30).returncode:
        pytest.skip("NOT RUN: this machine does not let users have namespaces of their own")
    directory = tmp_path_factory.mktemp("rootfs")
    subprocess.run([ROOT / "deploy/image/rootfs", focus_binary(), directory], check=True, timeout=60)
    return directory


def in_image(rootfs, *command):
    """Runs a command as a container of the image would: its files are all there is, and its user has no rights."""
    apart = ["unshare", "--user", f"--map-user={USER}", f"--map-group={USER}", f"--root={rootfs}", "--wd=/"]
    return subprocess.run([*apart, *command], env={}, capture_output=True, text=True, timeout=30)


def test_the_program_runs_with_the_files_of_the_image(rootfs):
    done = in_image(rootfs, "/usr/local/bin/focus", "--version")
    assert (done.returncode, done.stdout) == (0, f"focus {CARGO['version']}\n"), done.stderr
    done = in_image(rootfs, "/usr/local/bin/focus", "config", "--set=data_dir=/data")
    assert done.returncode == 0, done.stderr


def test_the_image_holds_nothing_that_is_not_needed(rootfs):
    files = {str(path.relative_to(rootfs)) for path in rootfs.rglob("*") if path.is_file()}
    libraries = {file for file in files if ".so" in file}
    assert files - libraries == {"usr/local/bin/focus", "etc/ssl/certs/ca-certificates.crt"}
    assert {re.sub(r".*/|[.-].*", "", file) for file in libraries} == {"libc", "libm", "libgcc_s", "ld"}
    for library in sorted(libraries):
        (rootfs / library).rename(rootfs / "gone")
        assert in_image(rootfs, "/usr/local/bin/focus", "--version").returncode != 0, f"{library} is not needed"
        (rootfs / "gone").rename(rootfs / library)


def test_the_build_has_all_that_it_needs(tmp_path):
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert "*" in ignored
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    copied = [source for line in lines for source in line.split()]
    assert sorted(copied) == sorted(let_in)
    for source in copied:
        path = ROOT / source
        copy, to = (shutil.copytree, tmp_path / source) if path.is_dir() else (shutil.copy, tmp_path / source)
        to.parent.mkdir(parents=True, exist_ok=True)
        copy(path, to)
    # Every member with all its targets, and the lock file as it is. What other systems need nobody downloaded.
    [host] = re.findall(r"^host: (.*)$", subprocess.check_output(["rustc", "-vV"], text=True), re.MULTILINE)
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--offline", f"--filter-platform={host}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    included = [
        (path.parent / name).resolve()
        for path in tmp_path.glob("crates/*/src/**/*.rs")
        for name in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', path.read_text())
    ]
    assert (tmp_path / "deploy/kubernetes/base/worker.yaml").resolve() in included
    assert not [path for path in included if not path.is_file()]


def test_versions_and_user_are_the_same_everywhere():
    [version] = re.findall(r"^ARG VERSION=(.*)$", DOCKERFILE, re.MULTILINE)
    production = yaml.safe_load((KUBERNETES / "overlays/production/kustomization.yaml").read_text())
    worker = yaml.safe_load((KUBERNETES / "base/worker.yaml").read_text())
    [container] = worker["spec"]["template"]["spec"]["containers"]
    assert version == CARGO["version"]
    assert production["images"][0]["newTag"] == CARGO["version"]
    assert container["image"] == f"focus-server:{CARGO['version']}"
    assert f"\nUSER {USER}:{USER}\n" in DOCKERFILE
    assert worker["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == USER
    # A compiler that can build this, and the Debian whose libraries are tested here.
    [compiler] = re.findall(r"^FROM rust:([\d.]+)-bookworm AS build$", DOCKERFILE, re.MULTILINE)
    parts = [tuple(map(int, one.split("."))) for one in (compiler, CARGO["rust-version"])]
    assert parts[0] >= parts[1]
