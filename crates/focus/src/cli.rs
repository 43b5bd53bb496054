//! The command line: what can be said, how failures are told, how the process exits.

use std::{collections::BTreeMap, env, path::PathBuf, process::ExitCode, time::Duration};

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueHint};

use focus_live::rabbitmq::Address;

use crate::settings::{Effective, Flag, LogSettings, Problems, Purpose, Settings, Sources, load};
use crate::{completions, config, feed, logging, record, recordings, serve, up, view, work};

const EXAMPLES: &str = "\
Examples:
  focus up                               the whole system with nothing installed; then open http://127.0.0.1:5000
  focus view --last --output quake.png   a picture of the newest recording, from a terminal
  focus view --live 10 --json            ten seconds of the fibre as it is now, as JSON lines
  focus serve                            the same on a cable of your own, through RabbitMQ
  focus config > focus.toml              all settings with their meaning, ready to edit

Exit codes: 0 success, 1 failure, 2 wrong arguments or settings, 130 interrupted.";

/// See any stretch of a sensing fibre, in any band, now or earlier.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the whole system in one process: live fibre, recordings, jobs, viewer page.
    #[command(after_help = up::EXAMPLES)]
    Up(SettingsArgs),
    /// Start the control plane on a real broker; each job is a process of its own, or a pod of a cluster.
    #[command(after_help = serve::EXAMPLES)]
    Serve(ServeArgs),
    /// Publish a recording or the simulator as the live fibre.
    #[command(after_help = feed::EXAMPLES)]
    Feed(feed::FeedArgs),
    /// Write the live fibre to recordings.
    #[command(after_help = record::EXAMPLES)]
    Record(record::RecordArgs),
    /// List, show, verify, add and remove recordings.
    #[command(after_help = recordings::EXAMPLES)]
    Recordings(recordings::RecordingsArgs),
    /// Run one job for `focus serve`.
    #[command(after_help = work::ABOUT, hide = true)]
    Work(WorkArgs),
    /// Draw a picture of a stretch of fibre, from any server.
    #[command(after_help = view::EXAMPLES)]
    View(view::ViewArgs),
    /// Show the effective settings as commented TOML, and where each came from.
    #[command(after_help = config::EXAMPLES)]
    Config(config::ConfigArgs),
    /// Print a script that completes this command line in a shell.
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::CompletionsArgs),
}

/// What `focus serve` can be told.
#[derive(Args, Debug)]
struct ServeArgs {
    /// What starts jobs: processes, on this machine, or kubernetes, on a cluster [default: processes].
    #[arg(long, value_name = "LAUNCHER")]
    launcher: Option<String>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// What `focus work` can be told.
#[derive(Args, Debug)]
struct WorkArgs {
    /// The job is that of the pod that this runs in: the order is in `$JOB_ORDER`, settings are those of
    /// the environment and the file.
    #[arg(long)]
    in_pod: bool,
}

/// Settings given as flags. They win over the environment and the file.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub(crate) struct SettingsArgs {
    /// The settings file [default: `$FOCUS_CONFIG`, else focus.toml here, else focus-server/focus.toml in
    /// the XDG configuration directory].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Address and port of HTTP and the viewer page [default: 127.0.0.1:5000].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Directory of recordings [default: focus-server in the XDG data directory].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data_dir: Option<String>,
    /// Directory of the recordings' index: with it the data directory is only read [default: the data directory].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    index_dir: Option<String>,
    /// Host name that clients are told for gRPC streams [default: the one they came by].
    #[arg(long, value_name = "HOST")]
    public_host: Option<String>,
    /// Where live samples come from: replay, simulator or none [default: replay].
    #[arg(long, value_name = "SOURCE")]
    live: Option<String>,
    /// The recording that is replayed as the live fibre [default: a built-in earthquake].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    replay: Option<String>,
    /// Look of the log: auto, pretty or json [default: auto].
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Which log lines: a level, or e.g. `info,focus_stream=debug` [default: info].
    #[arg(long, value_name = "LEVELS")]
    log_level: Option<String>,
    /// Any other setting by its name, e.g. `--set jobs.max_jobs=5`. `focus config` lists them.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = name_and_value)]
    set: Vec<(String, String)>,
}

impl SettingsArgs {
    /// The settings in force: these flags over this process's environment over a file over the defaults.
    ///
    /// # Errors
    /// Every problem that they have.
    pub(crate) fn load(&self) -> anyhow::Result<Effective> {
        Ok(load(&self.sources(Purpose::Alone)?)?)
    }

    /// The same for a command that needs a broker and starts no jobs: a problem when none is named.
    ///
    /// # Errors
    /// Every problem that they have.
    pub(crate) fn load_with_broker(&self) -> anyhow::Result<(Settings, Address)> {
        with_broker(load(&self.sources(Purpose::Client)?)?.settings)
    }

    fn sources(&self, purpose: Purpose) -> std::io::Result<Sources> {
        let env: BTreeMap<String, String> = env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Ok(Sources {
            config: self.config.clone(),
            flags: self.flags(),
            env,
            purpose,
            working_dir: env::current_dir()?,
        })
    }

    fn flags(&self) -> Vec<Flag> {
        let own = [
            ("--listen", "listen", &self.listen),
            ("--data-dir", "data_dir", &self.data_dir),
            ("--index-dir", "index_dir", &self.index_dir),
            ("--public-host", "public_host", &self.public_host),
            ("--live", "live.source", &self.live),
            ("--replay", "live.file", &self.replay),
            ("--log-format", "log.format", &self.log_format),
            ("--log-level", "log.level", &self.log_level),
        ];
        let own = own.into_iter().filter_map(|(written, name, value)| flag(written, name, value.as_ref()));
        let set = self.set.iter().map(|(name, value)| Flag {
            written: format!("--set {name}"),
            name: name.clone(),
            value: value.clone(),
        });
        own.chain(set).collect()
    }
}

impl ServeArgs {
    fn sources(&self) -> std::io::Result<Sources> {
        let mut sources = self.settings.sources(Purpose::Server)?;
        // As with other flags, --set has the last word.
        sources.flags.splice(0..0, flag("--launcher", "jobs.launcher", self.launcher.as_ref()));
        Ok(sources)
    }
}

fn flag(written: &str, name: &str, value: Option<&String>) -> Option<Flag> {
    value.map(|value| Flag { written: written.to_owned(), name: name.to_owned(), value: value.clone() })
}

fn with_broker(settings: Settings) -> anyhow::Result<(Settings, Address)> {
    let broker = settings.broker.clone().context("no broker is named")?;
    Ok((settings, broker))
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, for example jobs.max_jobs=5")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Does what was said.
///
/// # Errors
/// Whatever failed, worded for people.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Up(args) => {
            let settings = args.load()?.settings;
            let (log, threads) = (settings.log.clone(), blocking_threads(settings.jobs.max_jobs.get()));
            logged(&log, threads, up::run(settings))?;
        }
        Command::Serve(args) => {
            let effective = load(&args.sources()?)?;
            let unused = effective.unused();
            let (settings, broker) = with_broker(effective.settings)?;
            let log = settings.log.clone();
            logged(&log, BLOCKING_THREADS, async {
                if !unused.is_empty() {
                    tracing::warn!(
                        settings = unused.join(" "),
                        "settings that are not used: jobs.launcher is processes"
                    );
                }
                Box::pin(serve::run(settings, broker)).await
            })?;
        }
        Command::Feed(args) => {
            let (settings, broker) = args.settings.load_with_broker()?;
            let log = settings.log.clone();
            logged(&log, BLOCKING_THREADS, feed::run(settings, broker, args.speed, args.time))?;
        }
        Command::Record(args) => {
            let (settings, broker) = args.settings.load_with_broker()?;
            let log = settings.log.clone();
            logged(&log, BLOCKING_THREADS, record::run(settings, broker, args))?;
        }
        Command::Work(WorkArgs { in_pod: false }) => {
            let order = work::receive()?;
            run_to_end(blocking_threads(1), focus_jobs::work(order))?;
        }
        Command::Work(WorkArgs { in_pod: true }) => {
            let settings = load(&SettingsArgs::default().sources(Purpose::Pod)?)?.settings;
            let log = settings.log.clone();
            return logged(&log, blocking_threads(1), work::in_pod(settings));
        }
        Command::View(args) => return Ok(runtime(BLOCKING_THREADS)?.block_on(view::run(args))?.into()),
        Command::Recordings(args) => return run_to_end(BLOCKING_THREADS, args.run()),
        Command::Config(args) => config::run(&args)?,
        Command::Completions(args) => completions::run(args),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs something that logs what it does.
fn logged<T>(
    log: &LogSettings,
    blocking_threads: usize,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    logging::start(log);
    logging::log_panics();
    run_to_end(blocking_threads, work)
}

fn run_to_end<T>(
    blocking_threads: usize,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let runtime = runtime(blocking_threads)?;
    let result = runtime.block_on(work);
    // A thread that hangs in the file system must not keep the process.
    runtime.shutdown_timeout(THREADS_DEADLINE);
    result
}

/// Threads for calls that block, besides those of readers of recordings.
const BLOCKING_THREADS: usize = 64;
/// The time that threads have to end when the process does.
const THREADS_DEADLINE: Duration = Duration::from_secs(5);

/// So many that readers of recordings never keep others waiting; each is made when it is needed.
fn blocking_threads(max_jobs: usize) -> usize {
    max_jobs.saturating_mul(focus_stream::HISTORIC_PLACES).saturating_add(BLOCKING_THREADS + 1)
}

fn runtime(blocking_threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().max_blocking_threads(blocking_threads).enable_all().build()
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success,
    /// It could not be done.
    Failure,
    /// It was asked for in a wrong way.
    Usage,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The way to end after `error`.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if error.is::<Problems>() || error.is::<WrongUsage>() { Self::Usage } else { Self::Failure }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Failure => Self::FAILURE,
            Exit::Usage => Self::from(2),
            Exit::Interrupted => Self::from(130),
        }
    }
}

/// Arguments that contradict each other; the sentence says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(pub(crate) String);

/// Tells what failed and why, on standard error, coloured on a terminal.
pub(crate) fn report(error: &anyhow::Error) {
    let bold_red: Style = AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{bold_red}error{bold_red:#}: {error:#}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::settings::LauncherKind;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_name_settings_that_exist() {
        let cli = Cli::parse_from([
            "focus",
            "up",
            "--listen",
            "127.0.0.1:1",
            "--data-dir",
            "d",
            "--index-dir",
            "i",
            "--public-host",
            "h",
            "--live",
            "none",
            "--replay",
            "f",
            "--log-format",
            "json",
            "--log-level",
            "warn",
            "--set",
            "jobs.max_jobs=3",
        ]);
        let Command::Up(args) = cli.command else { panic!("up was asked for") };
        let sources = Sources { flags: args.flags(), working_dir: "/".into(), ..Sources::default() };
        let settings = load(&sources).unwrap().settings;
        assert_eq!((settings.jobs.max_jobs.get(), settings.listen.port()), (3, 1));
    }

    #[test]
    fn set_has_the_last_word_on_the_launcher() {
        let launcher = |arguments: &[&str]| {
            let cli = Cli::parse_from(["focus", "serve"].iter().chain(arguments));
            let Command::Serve(args) = cli.command else { panic!("serve was asked for") };
            let flags = args.sources().unwrap().flags;
            load(&Sources { flags, working_dir: "/".into(), ..Sources::default() })
                .unwrap()
                .settings
                .jobs
                .launcher
        };
        let data = ["--data-dir", "d"];
        assert_eq!(launcher(&data), LauncherKind::Processes);
        assert_eq!(
            launcher(&[data.as_slice(), &["--launcher", "kubernetes"]].concat()),
            LauncherKind::Kubernetes
        );
        let both = ["--set", "jobs.launcher=processes", "--launcher", "kubernetes"];
        assert_eq!(launcher(&[data.as_slice(), &both].concat()), LauncherKind::Processes);
    }

    #[test]
    fn readers_of_recordings_leave_threads_for_others() {
        assert!(blocking_threads(100) > 100 * focus_stream::HISTORIC_PLACES + 64);
    }

    #[test]
    fn wrong_settings_are_wrong_usage() {
        let sources = Sources { working_dir: "/".into(), ..Sources::default() };
        let error = anyhow::Error::from(load(&sources).unwrap_err());
        assert_eq!(Exit::of(&error), Exit::Usage);
        assert_eq!(Exit::of(&anyhow::anyhow!("no")), Exit::Failure);
    }
}
