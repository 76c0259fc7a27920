//! A protocol of your own in the simulator:
//! `cargo run --release --example own_protocol -- run chain --type notes`, and likewise
//! `sweep chain --type notes --seeds 0..100`.
//!
//! Replicas keep notes and tell a random neighbour all of them now and then. Break the marked line
//! and a note that was visible is not any more.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use rejoin_crdts::sync::{Outbox, Protocol, Reporting, Waiting, check_wall};
use rejoin_crdts::wire::{self, Kind, Limits, WireError};
use rejoin_crdts::{At, Hlc, OpId, Refused, ReplicaId, Spec, Timestamp, View};
use rejoin_sim::ReportingSubject;

const GOSSIP_MS: u64 = 50;

/// What must be read: every note that is visible.
#[derive(Clone)]
struct Notes;

impl Spec for Notes {
    type Op = u8;
    type Value = BTreeSet<u8>;

    fn alphabet(&self) -> Vec<u8> {
        (0..100).collect()
    }

    fn value(&self, view: &View<'_, u8>) -> Option<BTreeSet<u8>> {
        Some(view.iter().map(|seen| *seen.op).collect())
    }
}

/// Every note, by the operation that wrote it, with its stamp: what is stored and what is sent.
type Board = BTreeMap<OpId, (Timestamp, u8)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Noticeboard {
    clock: Hlc,
    address: u64,
    peers: Vec<u64>,
    notes: Board,
}

impl Protocol for Noticeboard {
    type Spec = Notes;
    type Config = ();
    type Message = Board;
    type Timer = ();
    type Record = Board;

    fn start(
        _spec: Notes,
        _config: (),
        fresh: ReplicaId,
        disk: Vec<Board>,
        _now_ms: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self {
        let clock = Hlc::new(fresh, 60_000);
        let mut board = Self { clock, address: fresh.id(), peers: Vec::new(), notes: Board::new() };
        for record in disk {
            // It is its own past, whatever the wall clock shows now.
            let written_ms = record.values().map(|(stamp, _)| stamp.wall_ms()).max().unwrap_or(0);
            board.adopt(written_ms, record).expect("nothing is ahead of itself");
        }
        out.timer(GOSSIP_MS, ());
        board
    }

    fn perform(
        &mut self,
        id: OpId,
        now_ms: u64,
        note: u8,
        out: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        check_wall(now_ms)?;
        let stamp = self.clock.tick(now_ms)?;
        let record = Board::from([(id, (stamp, note))]);
        self.notes.extend(record.clone());
        out.append(record);
        out.done(id, [self.address]);
        Ok(At { id, stamp })
    }

    fn receive(
        &mut self,
        now_ms: u64,
        _from: u64,
        message: Board,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        check_wall(now_ms)?;
        let known = self.notes.len();
        self.adopt(now_ms, message.clone())?;
        if self.notes.len() > known {
            out.append(message);
        }
        Ok(())
    }

    fn timer(&mut self, _now_ms: u64, (): (), out: &mut Outbox<'_, Self>) {
        if !self.peers.is_empty() {
            let peer = self.peers[out.draw(self.peers.len() as u64) as usize];
            out.send(peer, self.notes.clone());
        }
        out.timer(GOSSIP_MS, ());
    }

    fn members(&mut self, _now_ms: u64, peers: &[u64], _out: &mut Outbox<'_, Self>) {
        self.peers = peers.to_vec();
    }

    fn read(&self) -> BTreeSet<u8> {
        self.notes.values().map(|(_, note)| *note).collect()
    }

    fn waiting_for(&self) -> Vec<Waiting> {
        Vec::new() // gossip without acknowledgements never knows
    }

    fn encode(message: &Board, bytes: &mut Vec<u8>) {
        wire::encode(Kind::Message, 1, message, bytes).expect("a board fits in a message");
    }

    fn decode(bytes: &[u8]) -> Result<Board, WireError> {
        wire::decode(Kind::Message, 1, Limits::default(), bytes)
    }
}

impl Noticeboard {
    fn adopt(&mut self, now_ms: u64, notes: Board) -> Result<(), Refused> {
        if let Some(latest) = notes.values().map(|(stamp, _)| *stamp).max() {
            self.clock.observe(now_ms, latest)?;
        }
        self.notes.extend(notes); // break this line: `self.notes = notes;`
        Ok(())
    }
}

/// No lattice inside, so it says itself what is visible here; the simulator cross-checks it.
impl Reporting for Noticeboard {
    fn visible(&self) -> BTreeSet<OpId> {
        self.notes.keys().copied().collect()
    }
}

fn main() -> ExitCode {
    let mut registry = rejoin_cli::builtin();
    registry.add(ReportingSubject::<Noticeboard>::new("notes", "a noticeboard", Notes, ()));
    rejoin_cli::main_with(registry, std::env::args_os(), rejoin_cli::Streams::process())
}
