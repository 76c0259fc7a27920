//! The same by turmoil: a UDP socket a host, and a tick a millisecond.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use turmoil::net::UdpSocket;

use crate::work::{Work, next};

const PORT: u16 = 9_000;

/// Returns how many messages were delivered.
pub fn relay(work: Work, duration_ms: u64) -> u64 {
    let delivered = Rc::new(Cell::new(0));
    let mut builder = turmoil::Builder::new();
    builder
        .rng_seed(1)
        .tick_duration(Duration::from_millis(1))
        .simulation_duration(Duration::from_secs(1 << 20))
        .min_message_latency(Duration::from_micros(work.latency_us.0))
        .max_message_latency(Duration::from_micros(work.latency_us.1))
        .udp_capacity(1 << 16);
    let mut sim = builder.build();
    for me in 0..work.hosts {
        let delivered = Rc::clone(&delivered);
        sim.host(format!("h{me}"), move || {
            let delivered = Rc::clone(&delivered);
            async move {
                let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
                tokio::time::sleep(Duration::from_millis(2)).await; // until all are there
                let hosts = (0..work.hosts).map(|host| (turmoil::lookup(format!("h{host}")), PORT));
                let hosts: Vec<_> = hosts.collect();
                let (mut turn, mut buffer) = (0, [0; 8]);
                for message in 0..work.each {
                    let to = hosts[next(work.hosts, me, &mut turn) as usize];
                    socket.send_to(&message.to_le_bytes(), to).await?;
                }
                loop {
                    socket.recv_from(&mut buffer).await?;
                    delivered.set(delivered.get() + 1);
                    let message = u64::from_le_bytes(buffer) + 1;
                    let to = hosts[next(work.hosts, me, &mut turn) as usize];
                    socket.send_to(&message.to_le_bytes(), to).await?;
                }
            }
        });
    }
    for _ in 0..duration_ms + 2 {
        sim.step().expect("no host fails");
    }
    delivered.get()
}
