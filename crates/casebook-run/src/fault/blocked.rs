//! Packets that vanish, by the kernel's packet filter (nftables).

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{DEADLINE, Work};
use crate::command;
use crate::network::Network;

/// All packets between one network and some addresses vanish. They are elements of a set with a time limit: even when
/// nobody puts it back, it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blocked {
    /// Where the rules are.
    pub network: Network,
    /// The table of this fault alone.
    pub table: String,
    /// What cannot be reached.
    pub addresses: Vec<SocketAddr>,
    /// After how many seconds it ends by itself.
    pub expiry: u64,
}

impl Blocked {
    pub(super) async fn apply(&self, work: &mut Work<'_>) -> Result<(), String> {
        let nft = self.network.command(&["nft", "-f", "-"]).ok_or("the network is gone")?;
        work.breaks(&nft, &self.rules(), DEADLINE).await
    }

    pub(super) async fn undo(&self, work: &mut Work<'_>) -> Result<(), String> {
        if self.is_gone().await? {
            return Ok(());
        }
        let Some(nft) = self.network.command(&["nft", "delete", "table", "inet", &self.table]) else {
            return Ok(());
        };
        work.mends(&nft, DEADLINE).await
    }

    pub(super) async fn is_gone(&self) -> Result<bool, String> {
        // With the network its rules have gone.
        let Some(nft) = self.network.command(&["nft", "list", "tables"]) else { return Ok(true) };
        let tables = command::succeed(&nft, "", DEADLINE).await;
        let tables = tables.map_err(|error| {
            format!("{error} (nft is of the package nftables; it needs the right to administer networks)")
        })?;
        let own = format!("table inet {}", self.table);
        Ok(!tables.lines().any(|table| table.trim() == own))
    }

    /// One transaction of nft's: all of it or nothing.
    fn rules(&self) -> String {
        let elements = |wanted: fn(&IpAddr) -> bool| {
            let of_kind = self.addresses.iter().filter(|address| wanted(&address.ip()));
            let timeout = self.expiry;
            let element =
                |address: &SocketAddr| format!("{} . {} timeout {timeout}s", address.ip(), address.port());
            of_kind.map(element).collect::<Vec<_>>().join(", ")
        };
        let set = |name: &str, kind: &str, elements: &str| {
            let elements =
                if elements.is_empty() { String::new() } else { format!("elements = {{ {elements} }}\n") };
            format!("set {name} {{\ntype {kind} . inet_service\nflags timeout\n{elements}}}\n")
        };
        let four = set("four", "ipv4_addr", &elements(IpAddr::is_ipv4));
        let six = set("six", "ipv6_addr", &elements(IpAddr::is_ipv6));
        format!(
            "table inet {} {{\n{four}{six}\
             chain going {{\ntype filter hook output priority 0\n\
             ip daddr . tcp dport @four drop\nip6 daddr . tcp dport @six drop\n}}\n\
             chain coming {{\ntype filter hook input priority 0\n\
             ip saddr . tcp sport @four drop\nip6 saddr . tcp sport @six drop\n}}\n}}\n",
            self.table
        )
    }
}
