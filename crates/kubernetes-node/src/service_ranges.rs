use std::net::{Ipv4Addr, TcpListener};

/// Below the ports that systems give out themselves, and those that our other tests take.
const FIRST: u16 = 10_000;
const NODE_PORTS: u16 = 399;
const CLUSTERS: u8 = 25;

/// What a cluster gives to its services. No other cluster of this machine has the same while this lives.
#[derive(Debug)]
pub(crate) struct ServiceRanges {
    number: u8,
    /// A port just below our node ports: who has it has them.
    _claim: TcpListener,
}

impl ServiceRanges {
    /// # Panics
    /// When 25 clusters run already.
    pub(crate) fn claim() -> Self {
        let claim = |number| {
            let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, below_node_ports(number))).ok()?;
            Some(Self { number, _claim: claim })
        };
        (0..CLUSTERS).find_map(claim).expect("fewer clusters run than there are ranges of node ports")
    }

    /// As the API server wants to hear it: the first and the last.
    pub(crate) fn node_ports(&self) -> String {
        let below = below_node_ports(self.number);
        format!("{}-{}", below + 1, below + NODE_PORTS)
    }

    /// A network of the loopback interface.
    pub(crate) fn cluster_ips(&self) -> String {
        format!("127.{}.0.0/16", 100 + self.number)
    }
}

fn below_node_ports(number: u8) -> u16 {
    FIRST + u16::from(number) * (NODE_PORTS + 1)
}
