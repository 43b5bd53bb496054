//! Packets that are late, by the kernel's traffic control.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::DEADLINE;
use crate::command;
use crate::network::Network;

/// All packets from one network to some addresses are late. Of the device's other packets none is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delayed {
    /// Where the packets leave.
    pub network: Network,
    /// The device that they leave by; its queueing discipline must be the one that it has by itself.
    pub device: String,
    /// What is slow to reach.
    pub addresses: Vec<SocketAddr>,
    /// How late, in milliseconds.
    pub by: u64,
}

/// The discipline's handle, by which it is known to be ours.
const HANDLE: &str = "ca5e:";

impl Delayed {
    pub(super) async fn apply(&self) -> Result<(), String> {
        let device = self.device.as_str();
        // All that has no filter goes by the first bands, as it would without us.
        let bands =
            ["prio", "bands", "4", "priomap", "1", "2", "2", "2", "1", "2", "0", "0", "1", "1", "1", "1"];
        let bands = bands.into_iter().chain(["1", "1", "1", "1"]);
        let root: Vec<_> =
            ["qdisc", "add", "dev", device, "root", "handle", HANDLE].into_iter().chain(bands).collect();
        self.tc(&root).await?;
        let late = format!("{}ms", self.by);
        self.tc(&[
            "qdisc", "add", "dev", device, "parent", "ca5e:4", "handle", "ca5f:", "netem", "delay", &late,
        ])
        .await?;
        for address in &self.addresses {
            let (ip, port) = (address.ip().to_string(), address.port().to_string());
            let (protocol, matched) = match address.ip() {
                IpAddr::V4(_) => ("ip", "ip"),
                IpAddr::V6(_) => ("ipv6", "ip6"),
            };
            let filter = ["filter", "add", "dev", device, "parent", HANDLE, "protocol", protocol, "u32"];
            let wanted = [
                "match", matched, "dst", &ip, "match", matched, "dport", &port, "0xffff", "flowid", "ca5e:4",
            ];
            self.tc(&filter.into_iter().chain(wanted).collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    pub(super) async fn undo(&self) -> Result<(), String> {
        if self.is_gone().await? {
            return Ok(());
        }
        self.tc(&["qdisc", "del", "dev", &self.device, "root"]).await.map(drop)
    }

    pub(super) async fn is_gone(&self) -> Result<bool, String> {
        // With the network its queues have gone.
        if self.network.command(&[]).is_none() {
            return Ok(true);
        }
        let queues = self.tc(&["qdisc", "show", "dev", &self.device]).await?;
        Ok(!queues.contains(HANDLE))
    }

    async fn tc(&self, words: &[&str]) -> Result<String, String> {
        let words: Vec<_> = std::iter::once("tc").chain(words.iter().copied()).collect();
        let command = self.network.command(&words).ok_or("the network is gone")?;
        command::succeed(&command, "", DEADLINE).await
    }
}
