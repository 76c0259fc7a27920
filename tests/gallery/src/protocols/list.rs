//! The broken protocols, in a list.

use super::*;
use crate::anti_entropy::Steps;

/// A protocol with one mistake.
pub(super) struct Broken {
    pub(super) entry: Entry,
    pub(super) steps: &'static dyn Steps<Checklist>,
    pub(super) witness: Witness,
}

/// What tells the judge what is visible at a replica.
#[derive(Clone, Copy, Debug)]
pub(super) enum Witness {
    /// Its state.
    State,
    /// Its own word. By the state, what was delivered out of order is not visible.
    Report,
}

/// Declares the list: a name, its mistake and what is visible by what; how large its smallest schedule
/// is; the check that finds it, in a scenario with the faults that it needs; and its story.
macro_rules! broken {
    ($($name:literal $module:ident::$steps:ident by its $witness:ident,
       $operations:literal operations of $events:literal events at $replicas:literal replicas,
       found by $check:literal $(and $convergence:ident)? in $scenario:literal
       => $story:literal;)*) => {
        pub(super) const BROKEN: &[Broken] = &[$(Broken {
            entry: Entry {
                $($convergence: true,)?
                ..Entry::unseen($name, $story, $operations, $replicas)
            }
            .shown(Shown { check: $check, events: $events, scenario: $scenario }),
            steps: &$module::$steps,
            witness: Witness::$witness,
        }),*];
    };
}

broken! {
    "early-acknowledger" early_acknowledger::EarlyAcknowledger by its State,
        1 operations of 3 events at 2 replicas,
        found by "acknowledged" in
            "config = { gossip_ms = 400 }\n\
            partition = [{ at_ms = 300, heal_ms = 1700, groups = [[1]] }]\n\
            crash = [{ replica = 1, at_ms = 1500, restart_ms = 1600 }]" =>
        "a client is told that its operation is safe before it is written";
    "optimistic-quorum" optimistic_quorum::OptimisticQuorum by its State,
        1 operations of 3 events at 2 replicas,
        found by "acknowledged" in
            "partition = [{ at_ms = 300, heal_ms = 1700, groups = [[1]] }]\n\
            crash = [{ replica = 1, at_ms = 1500, restart_ms = 1600, disk = 'lost' }]" =>
        "what was sent to a replica counts as held by it";
    "counting-digest" counting_digest::CountingDigest by its State,
        2 operations of 4 events at 2 replicas,
        found by "liveness" and convergence in
            "replicas = 2\n\
            ops = 10\n\
            settle_ms = 10000\n\
            partition = [{ at_ms = 100, groups = [[1], [2]] }]" =>
        "digests are compared by how much they hold";
    "gapless-digest" gapless_digest::GaplessDigest by its State,
        2 operations of 3 events at 2 replicas,
        found by "liveness" and convergence in
            "loss = 0.3\n\
            settle_ms = 10000" =>
        "to have an entry is to have all before it: a gap is never filled";
    "cut-tail" cut_tail::CutTail by its State,
        2 operations of 3 events at 2 replicas,
        found by "liveness" and convergence in
            "settle_ms = 10000\n\
            config = { batch = 2 }\n\
            partition = [{ at_ms = 300, heal_ms = 1500, groups = [[1]] }]" =>
        "what did not fit in the message counts as sent";
    "greedy-context" greedy_context::GreedyContext by its State,
        2 operations of 3 events at 2 replicas,
        found by "specification" and convergence in
            "config = { batch = 2 }\n\
            partition = [{ at_ms = 300, heal_ms = 1500, groups = [[1]] }]" =>
        "a partial answer claims the context of the whole: what is not in it was removed";
    "leaky-buffer" leaky_buffer::LeakyBuffer by its State,
        2 operations of 3 events at 2 replicas,
        found by "liveness" and convergence in
            "settle_ms = 10000\n\
            config = { buffer = 4 }\n\
            partition = [{ at_ms = 300, heal_ms = 1500, groups = [[1]] }]" =>
        "a full log drops its oldest entry and forgets that it did";
    "tidy-log" tidy_log::TidyLog by its State,
        1 operations of 4 events at 2 replicas,
        found by "liveness" and convergence in
            "settle_ms = 10000\n\
            crash = [{ replica = 2, at_ms = 1000, restart_ms = 1200, disk = 'lost' }]" =>
        "what everybody had is collected, and nobody can ask for it again";
    "former-self" former_self::FormerSelf by its State,
        1 operations of 4 events at 2 replicas,
        found by "liveness" and convergence in
            "settle_ms = 10000\n\
            crash = [{ replica = 2, at_ms = 1000, restart_ms = 1200, disk = 'lost' }]" =>
        "what a replica acknowledged before it lost its disk still counts";
    "reborn-counter" reborn_counter::RebornCounter by its State,
        2 operations of 5 events at 2 replicas,
        found by "convergence" and convergence in
            "settle_ms = 10000\n\
            crash = [{ replica = 2, at_ms = 1000, restart_ms = 1010, disk = 'lost' }]" =>
        "entries are numbered by machine, and a new disk begins at 1: they are duplicates";
    "late-greeter" late_greeter::LateGreeter by its State,
        1 operations of 3 events at 2 replicas,
        found by "liveness" and convergence in
            "settle_ms = 10000\n\
            partition = [{ at_ms = 300, heal_ms = 1700, groups = [[1]] }]\n\
            crash = [{ replica = 1, at_ms = 1500, restart_ms = 1600 }]" =>
        "a new peer gets what is new: what was before a restart is never sent";
    "ghost-member" ghost_member::GhostMember by its State,
        1 operations of 4 events at 2 replicas,
        found by "liveness" in
            "settle_ms = 10000\n\
            crashes = 1" =>
        "an acknowledgement is awaited from a life that is over";
    "departed-member" departed_member::DepartedMember by its State,
        0 operations of 1 events at 2 replicas,
        found by "liveness" in
            "settle_ms = 10000\n\
            leave = [{ replica = 3, at_ms = 1000 }]" =>
        "an acknowledgement is awaited from a member that has left";
    "late-refuser" late_refuser::LateRefuser by its State,
        2 operations of 2 events at 2 replicas,
        found by "refusal" in
            "config = { window = 4 }\n\
            partition = [{ at_ms = 300, heal_ms = 1500, groups = [[1]] }]" =>
        "an operation is refused for lack of room after it was performed";
    "half-refuser" half_refuser::HalfRefuser by its State,
        2 operations of 8 events at 3 replicas,
        found by "refusal" in
            "config = { max_ahead_ms = 100 }\n\
            partition = [{ at_ms = 300, heal_ms = 1500, groups = [[1]] }]\n\
            clock = [{ replica = 1, at_ms = 1000, jump_ms = -500 }]" =>
        "a message is refused after half of it was taken";
    "short-frame" short_frame::ShortFrame by its State,
        3 operations of 6 events at 3 replicas,
        found by "wire" in
            "" =>
        "the length of an operation does not fit where it is written: some arrive later";
    "bare-digest" bare_digest::BareDigest by its State,
        1 operations of 4 events at 2 replicas,
        found by "corruption" in
            "settle_ms = 10000\n\
            corrupt = 0.1" =>
        "a digest has no checksum: what arrives damaged is believed";
    "cached-reader" cached_reader::CachedReader by its State,
        1 operations of 2 events at 1 replicas,
        found by "specification" in
            "" =>
        "what is read was computed before, and is not computed again when something changes";
    "expired-view" expired_view::ExpiredView by its State,
        1 operations of 1 events at 1 replicas,
        found by "specification" in
            "" =>
        "what is read is kept for a while: once nothing changes any more, there is nothing";
    "repeating-client" repeating_client::RepeatingClient by its State,
        1 operations of 2 events at 2 replicas,
        found by "convergence" in
            "loss = 0.3" =>
        "what is not acknowledged in time is performed again: it is there twice";
    "replaying-log" replaying_log::ReplayingLog by its State,
        1 operations of 3 events at 1 replicas,
        found by "convergence" and convergence in
            "crash = [{ replica = 1, at_ms = 800, restart_ms = 1000 },\n\
            { replica = 2, at_ms = 1200, restart_ms = 1400 }]" =>
        "a restart performs the logged operations again: what was removed is back";
    "relapsing-snapshot" relapsing_snapshot::RelapsingSnapshot by its State,
        1 operations of 3 events at 1 replicas,
        found by "inflation" in
            "checks = ['inflation']" =>
        "for a moment the replica is what it was at the last snapshot";
    "thrifty-writer" thrifty_writer::ThriftyWriter by its State,
        2 operations of 2 events at 1 replicas,
        found by "delta" in
            "" =>
        "an add of what is there already is not performed: a remove elsewhere wins";
    "wall-clock" wall_clock::WallClock by its State,
        2 operations of 3 events at 2 replicas,
        found by "stamp" in
            "skew_ms = 500" =>
        "a write is stamped with the wall clock, below what it replaces";
    "restamping-clock" restamping_clock::RestampingClock by its State,
        1 operations of 2 events at 2 replicas,
        found by "convergence" and convergence in
            "" =>
        "what is received gets the receiver's stamp: the last to arrive wins, everywhere another one";
    "wrapping-clock" wrapping_clock::WrappingClock by its State,
        9 operations of 9 events at 1 replicas,
        found by "stamp" in
            "skew_ms = 1000" =>
        "the counter of the clock begins again at 0: what is written then has no effect";
    "forgetful-clock" forgetful_clock::ForgetfulClock by its State,
        2 operations of 5 events at 2 replicas,
        found by "stamp" in
            "skew_ms = 1500\n\
            crashes = 3" =>
        "a restart brings back the state, and the clock begins anew";
    "stale-view" stale_view::StaleView by its Report,
        1 operations of 2 events at 1 replicas,
        found by "visibility" in
            "" =>
        "reads are served from a copy that lags: what was just done is not there";
    "write-behind" write_behind::WriteBehind by its Report,
        1 operations of 2 events at 2 replicas,
        found by "read-your-writes" in
            "loss = 0.3\n\
            clients = { count = 3, roam = 0.5, token = true }" =>
        "what a client brings along is what it read: where it is sent, what it wrote is not there";
    "two-copies" two_copies::TwoCopies by its Report,
        1 operations of 3 events at 2 replicas,
        found by "monotonic-reads" in
            "config = { window = 2 }\n\
            partition = [{ at_ms = 300, heal_ms = 1500, groups = [[1]] }]\n\
            clients = { count = 3, roam = 0.5, token = true }" =>
        "a copy need only have what a client wrote: what it read is gone again";
    "freshest-first" freshest_first::FreshestFirst by its Report,
        2 operations of 4 events at 2 replicas,
        found by "monotonic-writes" in
            "loss = 0.2\n\
            reorder = 0.3\n\
            clients = { count = 3, token = true }" =>
        "a replica's own operations are delivered in the order in which they come";
    "first-in-first-out" first_in_first_out::FirstInFirstOut by its Report,
        2 operations of 4 events at 3 replicas,
        found by "writes-follow-reads" in
            "loss = 0.2\n\
            reorder = 0.3\n\
            clients = { count = 3, token = true }" =>
        "an answer is there before its question: only each replica's own order is kept";
    "counting-buffer" counting_buffer::CountingBuffer by its Report,
        3 operations of 5 events at 3 replicas,
        found by "causality" in
            "loss = 0.2\n\
            reorder = 0.3" =>
        "an operation is delivered once as many are here as it had seen";
}
