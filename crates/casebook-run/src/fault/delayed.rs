//! Packets that are late, by the kernel's traffic control.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{DEADLINE, Work};
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
    /// What has to be done so that packets from the network to the addresses are late; nothing is done yet.
    ///
    /// # Errors
    ///
    /// A sentence, when no packet can go there, or when they would leave by several devices.
    pub(crate) async fn plan(network: Network, addresses: Vec<SocketAddr>, by: u64) -> Result<Self, String> {
        let mut delayed = Self { network, device: String::new(), addresses: Vec::new(), by };
        let mut devices = BTreeSet::new();
        let mut without_route = String::new();
        for address in addresses {
            match delayed.device_to(address.ip()).await {
                Ok(device) => {
                    devices.insert(device);
                    delayed.addresses.push(address);
                }
                Err(why) => without_route = why,
            }
        }
        let mut devices = devices.into_iter();
        match (devices.next(), devices.next()) {
            (Some(device), None) => Ok(Self { device, ..delayed }),
            (Some(one), Some(other)) => Err(format!(
                "packets to it leave by {one} and by {other}; only those of one device can be late"
            )),
            (None, _) => Err(without_route),
        }
    }

    /// The device that packets to an address leave by.
    async fn device_to(&self, ip: IpAddr) -> Result<String, String> {
        let command = ["ip", "-json", "route", "get", &ip.to_string()];
        let command = self.network.command(&command).ok_or("the network is gone")?;
        let told = command::succeed(&command, "", DEADLINE).await;
        let told = told.map_err(|error| format!("{error} (ip is of the package iproute2)"))?;
        let routes: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
        let device = routes.pointer("/0/dev").and_then(serde_json::Value::as_str);
        device
            .map(str::to_owned)
            .ok_or_else(|| format!("ip does not say by which device packets to {ip} leave: {told}"))
    }

    pub(super) async fn apply(&self, work: &mut Work<'_>) -> Result<(), String> {
        let device = self.device.as_str();
        // All that has no filter goes by the first bands, as it would without us.
        let bands =
            ["prio", "bands", "4", "priomap", "1", "2", "2", "2", "1", "2", "0", "0", "1", "1", "1", "1"];
        let bands = bands.into_iter().chain(["1", "1", "1", "1"]);
        let root: Vec<_> =
            ["qdisc", "add", "dev", device, "root", "handle", HANDLE].into_iter().chain(bands).collect();
        self.breaks(&root, work).await.map_err(|error| self.refused(&error))?;
        let late = format!("{}ms", self.by);
        let delay =
            ["qdisc", "add", "dev", device, "parent", "ca5e:4", "handle", "ca5f:", "netem", "delay", &late];
        self.breaks(&delay, work).await.map_err(|error| self.refused(&error))?;
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
            self.breaks(&filter.into_iter().chain(wanted).collect::<Vec<_>>(), work).await?;
        }
        Ok(())
    }

    pub(super) async fn undo(&self, work: &mut Work<'_>) -> Result<(), String> {
        if self.is_gone().await? {
            return Ok(());
        }
        let command = self.tc(&["qdisc", "del", "dev", &self.device, "root"])?;
        work.mends(&command, DEADLINE).await.map_err(|error| unable(&error))
    }

    pub(super) async fn is_gone(&self) -> Result<bool, String> {
        // With the network its queues have gone.
        if self.network.command(&[]).is_none() {
            return Ok(true);
        }
        let command = self.tc(&["qdisc", "show", "dev", &self.device])?;
        let queues = command::succeed(&command, "", DEADLINE).await.map_err(|error| unable(&error))?;
        Ok(!queues.contains(HANDLE))
    }

    async fn breaks(&self, words: &[&str], work: &mut Work<'_>) -> Result<(), String> {
        work.breaks(&self.tc(words)?, "", DEADLINE).await.map_err(|error| unable(&error))
    }

    fn tc(&self, words: &[&str]) -> Result<Vec<String>, String> {
        let words: Vec<_> = std::iter::once("tc").chain(words.iter().copied()).collect();
        self.network.command(&words).ok_or_else(|| "the network is gone".to_owned())
    }

    /// What the kernel says that refuses a discipline, with what can be done.
    fn refused(&self, error: &str) -> String {
        if error.contains("qdisc kind is unknown") {
            return format!(
                "this kernel cannot make packets late: it lacks prio or netem (the modules sch_prio and sch_netem): {error}"
            );
        }
        if error.contains("NLM_F_REPLACE") || error.contains("Exclusivity flag") {
            return format!(
                "packets that leave by {device} are in a queue already that somebody has set up, which stays as it is; `tc qdisc show dev {device}` says which: {error}",
                device = self.device
            );
        }
        error.to_owned()
    }
}

fn unable(error: &str) -> String {
    format!("{error} (tc is of the package iproute2; it needs the right to administer networks)")
}
