//! Restarts.

use super::*;
use crate::Timestamp;

type Disk = Vec<<Counter as Protocol>::Record>;

fn write(disk: &mut Disk, outputs: Vec<Output<Counter>>) {
    for output in outputs {
        match output {
            Output::Append(record) => disk.push(record),
            Output::Snapshot(record) => *disk = vec![record],
            _ => {}
        }
    }
}

fn restart(incarnation: u64, disk: Disk) -> Counter {
    let config = Config { max_ahead_ms: 0, ..Config::default() };
    outputs(|out| Counter::start(GCounterModel, config, id(1, incarnation), disk, 0, out)).0
}

#[test]
fn a_replica_restarts_from_every_prefix_of_its_disk() {
    for snapshot_every in [0, 1, 2, 3, 100] {
        let config = Config { snapshot_every, ..Config::default() };
        let mut a = counter(id(1, 0), &[2], &config);
        let mut b = counter(id(2, 0), &[1], &Config::default());
        let mut disk = Disk::new();
        let nothing = (a.state().clone(), Timestamp::new(0, 0, id(0, 0)));
        let mut was = vec![nothing]; // with so many records on the disk
        for seq in 1..=9 {
            add(&mut b, seq);
            let relayed = round(&mut b, 1).remove(0);
            write(&mut disk, outputs(|out| a.receive(10, 2, relayed, out)).1);
            was.truncate(disk.len());
            was.push((a.state().clone(), a.clock()));

            let op = CounterOp::Add(seq % 3); // some have no effect
            let id = OpId::new(a.me(), seq);
            write(&mut disk, outputs(|out| a.perform(id, 10, op, out)).1);
            was.truncate(disk.len());
            was.push((a.state().clone(), a.clock()));

            assert_eq!(was.len(), disk.len() + 1);
            assert!(disk.len() <= snapshot_every.max(1));
            for (records, (state, clock)) in was.iter().enumerate() {
                let mut again = restart(1, disk[..records].to_vec());
                assert_eq!(again.state(), state);
                assert!(add(&mut again, 1).stamp > *clock, "the clock goes on above the disk");
                assert_eq!(again.read(), state.value() + 1, "no slot is written twice");
            }
        }
    }
}

#[test]
fn at_the_last_stamp_there_is_a_restart_refuses_to_write() {
    let last = Timestamp::new(u64::MAX, u32::MAX, id(1, 0));
    let mut again = restart(1, vec![Record::News { delta: Default::default(), clock: last }]);
    let before = again.clone();
    let (result, _) =
        outputs(|out| again.perform(OpId::new(id(1, 1), 1), 10, CounterOp::Add(1), out));
    assert!(matches!(result, Err(Refused::Clock(_))), "{result:?}");
    assert_eq!(again, before);
}

#[test]
fn news_is_on_the_disk_before_it_is_acknowledged() {
    let mut a = counter(id(1, 0), &[2], &Config::default());
    let mut b = counter(id(2, 0), &[1], &Config::default());
    add(&mut a, 1);
    for message in round(&mut a, 2) {
        let outs = outputs(|out| b.receive(10, 1, message, out)).1;
        assert!(matches!(outs[..], [Output::Append(_), Output::Send { .. }]), "{outs:?}");
    }
}
