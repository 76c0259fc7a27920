//! The same by madsim: an endpoint a node.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madsim::net::Endpoint;
use madsim::runtime::Runtime;

use crate::work::{Work, next};

const PORT: u16 = 9_000;
const TAG: u64 = 1;

fn address(host: u64) -> SocketAddr {
    let [.., high, low] = host.to_be_bytes();
    (IpAddr::from([10, 0, high, low + 1]), PORT).into()
}

/// Returns how many messages were delivered.
pub fn relay(work: Work, duration_ms: u64) -> u64 {
    let mut config = madsim::Config::default();
    let (least, most) = work.latency_us;
    // Its range must not be empty.
    config.net.send_latency =
        Duration::from_micros(least)..Duration::from_micros(most) + Duration::from_nanos(1);
    let delivered = Arc::new(AtomicU64::new(0));
    let runtime = Runtime::with_seed_and_config(1, config);
    for me in 0..work.hosts {
        let node = runtime.create_node().ip(address(me).ip()).build();
        let delivered = Arc::clone(&delivered);
        node.spawn(async move {
            let endpoint = Endpoint::bind(("0.0.0.0", PORT)).await.expect("nobody is there");
            madsim::time::sleep(Duration::from_millis(2)).await; // until all are there
            let mut turn = 0;
            for message in 0..work.each {
                let to = address(next(work.hosts, me, &mut turn));
                endpoint.send_to_raw(to, TAG, Box::new(message)).await.expect("it is there");
            }
            loop {
                let (message, _) = endpoint.recv_from_raw(TAG).await.expect("it stays");
                let message = message.downcast::<u64>().expect("what was sent");
                delivered.fetch_add(1, Ordering::Relaxed);
                let to = address(next(work.hosts, me, &mut turn));
                endpoint.send_to_raw(to, TAG, Box::new(*message + 1)).await.expect("it is there");
            }
        });
    }
    runtime.block_on(async { madsim::time::sleep(Duration::from_millis(duration_ms + 2)).await });
    delivered.load(Ordering::Relaxed)
}
