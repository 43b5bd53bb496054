#!/usr/bin/env python3
"""Breaks, one after the other, what keeps a cluster free of orphans, and checks that a test of `focus-jobs` notices.

    python3 tests/safety_mutations.py [PART OF A NAME ..]

Works on a copy of the committed tree; needs what ./test has installed. Takes a few minutes for each mutation; it ends
with 1 when a broken program passes all tests.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KUBERNETES = "crates/jobs/src/kubernetes"


@dataclass(frozen=True)
class Mutation:
    """One line of defence, and the program without it."""

    name: str
    file: str
    sound: str
    broken: str


MUTATIONS = [
    Mutation(
        "the Service has no owner",
        f"{KUBERNETES}/manifest.rs",
        "owner_references: Some(vec![owner]),",
        "owner_references: None,",
    ),
    Mutation(
        "a deleted Job's pods and Service are not collected",
        f"{KUBERNETES}/calls.rs",
        "DeleteParams::background()",
        "DeleteParams::orphan()",
    ),
    Mutation(
        "a Job is created ready to run",
        f"{KUBERNETES}/manifest.rs",
        "spec.parallelism = Some(0);",
        "spec.parallelism = Some(1);",
    ),
    Mutation(
        "the sweep knows no grace",
        f"{KUBERNETES}/rules.rs",
        "if !older(job.created, grace, now) {",
        "if !older(job.created, Duration::ZERO, now) {",
    ),
    Mutation(
        "nothing uncommitted is swept",
        f"{KUBERNETES}/rules.rs",
        "return Some(Reason::Uncommitted);",
        "return None;",
    ),
    Mutation(
        "a pass of the sweep has no limit",
        f"{KUBERNETES}/sweep.rs",
        "found.into_iter().take(PER_PASS)",
        "found.into_iter()",
    ),
    Mutation(
        "the sweep removes what has changed since it looked",
        f"{KUBERNETES}/sweep.rs",
        "let version = Some(job.resource_version);",
        "let version = None;",
    ),
    Mutation(
        "Jobs are read before Services",
        f"{KUBERNETES}/sweep.rs",
        """    let services = calls.list_services(calls.by()).await?;
    let services: Vec<_> = services.into_iter().filter_map(SeenService::of).collect();
    let jobs = shared.listing.jobs(calls.by()).await?;
""",
        """    let jobs = shared.listing.jobs(calls.by()).await?;
    let services = calls.list_services(calls.by()).await?;
    let services: Vec<_> = services.into_iter().filter_map(SeenService::of).collect();
""",
    ),
    Mutation(
        "a transaction ends with the request that began it",
        "crates/jobs/src/configure.rs",
        "self.shared.transactions.spawn(transaction.in_current_span()).await",
        "Ok::<_, tokio::task::JoinError>(transaction.in_current_span().await)",
    ),
    Mutation(
        "whatever Job has the name is deleted",
        f"{KUBERNETES}/calls.rs",
        "let params = deletion(Some(uid.to_owned()), version);",
        "let params = deletion(None, version);",
    ),
    Mutation(
        "whatever Job has the name is committed",
        f"{KUBERNETES}/calls.rs",
        'let patch = json!({ "metadata": { "uid": uid }, "spec": spec });',
        'let patch = json!({ "spec": spec });',
    ),
    Mutation(
        "nobody looks for rivals",
        f"{KUBERNETES}/attempt.rs",
        "Ok(!jobs.iter().any(|other| gives_way(job, other)))",
        "Ok(true)",
    ),
    Mutation(
        "whoever asks is told what an earlier list has found",
        f"{KUBERNETES}/listing.rs",
        """    drop(inner.next().take());
    let jobs = inner.calls.list_jobs(inner.calls.by()).await?;
""",
        """    let jobs = inner.calls.list_jobs(inner.calls.by()).await;
    drop(inner.next().take());
    let jobs = jobs?;
""",
    ),
    Mutation(
        "a Job of the right name is taken for one's own",
        f"{KUBERNETES}/attempt.rs",
        ".filter(|job| job.attempt == self.nonce);",
        ";",
    ),
    Mutation(
        "what is in doubt is forgotten",
        f"{KUBERNETES}/attempt.rs",
        "        if doubtful {\n",
        "        if false {\n",
    ),
    Mutation(
        "nothing is undone",
        f"{KUBERNETES}/attempt.rs",
        "if !matches!(made, Ok(Ended::Started(_))) {",
        "if false {",
    ),
    Mutation(
        "the broker is not asked once more before the commit",
        f"{KUBERNETES}/attempt.rs",
        "broker.unwrap_or_else(|_| Err(silent_broker()))?;",
        "drop(broker.unwrap_or_else(|_| Err(silent_broker())));",
    ),
    Mutation(
        "a call waits for ever",
        f"{KUBERNETES}/calls.rs",
        "tokio::time::timeout(deadline, request).await;",
        "tokio::time::timeout(Duration::MAX, request).await;",
    ),
    Mutation(
        "a lost answer to the commit means that there was none",
        f"{KUBERNETES}/attempt.rs",
        "self.doubtful = failure.may_be_done;",
        "self.doubtful = false;",
    ),
    Mutation(
        "a job is undone although another client was told of it",
        f"{KUBERNETES}/attempt.rs",
        "            if there.kept {\n",
        "            if false {\n",
    ),
    Mutation(
        "the key is not looked for on the cluster",
        "crates/jobs/src/configure.rs",
        "if let Some(job) = self.shared.home.find(&key).await? {",
        "if let Some(job) = self.shared.home.find(&key).await?.filter(|_| false) {",
    ),
    Mutation(
        "equal requests do not wait for each other",
        "crates/jobs/src/configure.rs",
        "let mut held = self.shared.keys.hold(&key).await;",
        "let mut held = crate::idempotency::KeyLocks::default().hold(&key).await;",
    ),
    Mutation(
        "another deployment's objects are taken for ours",
        f"{KUBERNETES}/manifest.rs",
        "is(MANAGED_BY, MANAGER) && is(INSTANCE, instance)",
        "is(MANAGED_BY, MANAGER) || is(INSTANCE, instance)",
    ),
]


def main(wanted: list[str]) -> int:
    mutations = [m for m in MUTATIONS if not wanted or any(part in m.name for part in wanted)]
    for mutation in mutations:
        check(mutation)
    verdicts = {}
    with tempfile.TemporaryDirectory(prefix="focus-mutations-") as directory:
        tree = Path(directory) / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree], cwd=ROOT, check=True)
        try:
            for mutation in mutations:
                verdicts[mutation] = verdict(tree, mutation)
                print(f"| {mutation.name} | {verdicts[mutation] or '**nobody notices**'} |", flush=True)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
    unnoticed = [mutation for mutation, noticed_by in verdicts.items() if noticed_by is None]
    print(f"{len(mutations)} mutations, {len(unnoticed)} of them unnoticed")
    return 1 if unnoticed else 0


def check(mutation: Mutation) -> None:
    places = (ROOT / mutation.file).read_text().count(mutation.sound)
    if places != 1:
        sys.exit(f"{mutation.name!r} does not fit any more: {mutation.file} has its sound text {places} times")


def verdict(tree: Path, mutation: Mutation) -> str | None:
    """The first test that fails."""
    file = tree / mutation.file
    text = file.read_text()
    file.write_text(text.replace(mutation.sound, mutation.broken))
    try:
        return first_failure(tree)
    finally:
        file.write_text(text)


def first_failure(tree: Path) -> str | None:
    """The name of the first test that fails; the program is not told to when it does not build."""
    environment = os.environ | {
        "CARGO_TARGET_DIR": str(ROOT / "target/mutations"),
        "NEXTEST_STATUS_LEVEL": "fail",
        "TEST_KUBERNETES": "1",
    }
    build = ["cargo", "test", "--quiet", "--no-run", "--package=focus-jobs"]
    subprocess.run(build, cwd=tree, env=environment, check=True)
    run = ["cargo", "nextest", "run", "--profile=mutations", "--package=focus-jobs"]
    run += ["--max-fail=1:immediate", "--color=never"]
    tests = subprocess.run(run, cwd=tree, env=environment, capture_output=True, text=True)
    if tests.returncode == 0:
        return None
    failed = re.search(r"^\s+(?:FAIL|ABORT|TIMEOUT|SIG\w+) \[.*?\] (?:\(.*?\) )?(\S+ .*)$", tests.stderr, re.MULTILINE)
    return failed[1] if failed else sys.exit(f"the tests did not run:\n{tests.stderr[-3000:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
