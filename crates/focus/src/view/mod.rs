//! view
use crate::cli::Exit;
use clap::Args;
pub(crate) const EXAMPLES: &str = "";
/// x
#[derive(Args, Debug)]
pub(crate) struct ViewArgs {}
pub(crate) async fn run(_a: ViewArgs) -> anyhow::Result<Exit> {
    Ok(Exit::Success)
}
