//! The processes that are measured, and what the kernel says of them.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// The kernel counts processor time in these, per second.
const TICKS: f64 = 100.0;
/// How long a process may take to end after it was told to.
const FAREWELL: Duration = Duration::from_secs(10);

/// A subcommand of the real program. It is killed when this is dropped, and when our own process dies; in that case
/// what it wrote goes too.
pub(crate) struct Focus {
    process: Child,
    /// Waits for the end of our process.
    guard: Child,
    log: PathBuf,
}

impl Focus {
    /// Starts it with these arguments on a broker; its home, and what it writes, is in `home`.
    pub(crate) fn start(arguments: &[&str], broker: &str, home: &Path) -> Result<Self> {
        let log = home.join("log");
        let process = Command::new(env!("CARGO_BIN_EXE_focus"))
            .args(arguments)
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("FOCUS_RABBITMQ_URL", broker)
            .env("FOCUS_LOG_FORMAT", "json")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("focus does not start")?;
        let guard = guard(process.id(), home);
        let mut started = Self { process, guard: guard.context("sh does not start")?, log };
        ensure!(!started.has_ended(), "focus ended at once: {}", started.log());
        Ok(started)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// Ends it as an operator would; what it has logged.
    pub(crate) fn stop(mut self) -> Result<String> {
        Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?;
        let asked = Instant::now();
        while !self.has_ended() {
            ensure!(asked.elapsed() < FAREWELL, "focus does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(self.log())
    }
}

impl Drop for Focus {
    fn drop(&mut self) {
        // The guard first: the number of an ended process may soon be another one's.
        for process in [&mut self.guard, &mut self.process] {
            // Fails when it has ended by itself.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// A process that kills another when ours has gone: its input is a pipe that only we hold.
fn guard(id: u32, home: &Path) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", "cat >/dev/null; kill -KILL \"$0\"; sleep 1; rm -rf \"$1\"", &id.to_string()])
        .arg(home)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// The processes that this one has started.
pub(crate) fn children(id: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(child) = entry?.file_name().to_string_lossy().parse() else { continue };
        // One that has ended meanwhile is nobody's child.
        if fields_of(child).is_ok_and(|fields| fields.get(1) == Some(&id.to_string())) {
            children.push(child);
        }
    }
    Ok(children)
}

/// What the kernel says of a process after its name, which may hold anything: state, parent, ..
fn fields_of(id: u32) -> Result<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    Ok(stat.rsplit(") ").next().unwrap_or_default().split_whitespace().map(str::to_owned).collect())
}

/// Processor time of all these processes together so far, seconds.
pub(crate) fn processor_seconds(ids: &[u32]) -> Result<f64> {
    let mut ticks = 0.0;
    for &id in ids {
        let fields = fields_of(id)?;
        ticks += fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    }
    Ok(ticks / TICKS)
}

/// Processor time of the whole machine so far, with what other machines took from it, seconds.
pub(crate) fn machine_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    // "cpu", then user, nice, system, idle, waiting for disks, interrupts, soft interrupts, stolen.
    let ticks: Vec<f64> = line.split_whitespace().skip(1).map(str::parse).collect::<Result<_, _>>()?;
    Ok([0, 1, 2, 5, 6, 7].iter().map(|&field| ticks[field]).sum::<f64>() / TICKS)
}

/// Resident memory of all these processes together, MB.
pub(crate) fn memory(ids: &[u32]) -> Result<f64> {
    let mut kilobytes = 0.0;
    for id in ids {
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        kilobytes += resident.trim().trim_end_matches(" kB").parse::<f64>()?;
    }
    Ok(kilobytes / 1024.0)
}
