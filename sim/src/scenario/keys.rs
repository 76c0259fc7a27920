//! The keys of a scenario file: of what form each is, and what it means.
//!
//! The check of a text's form, the JSON schema and the tables of `docs/scenario.md` are all made from
//! these tables. What is said here of a key is what its field's doc comment says, which a test sees
//! to.

use super::check::{
    MAX_ALPHA, MAX_BYTES, MAX_CLIENTS, MAX_DRIFT_PPM, MAX_FAULTS, MAX_GRAPH, MAX_LATENCY_MS,
    MAX_MS, MAX_OPS, MAX_PCT, MAX_POOL, MAX_REPLICAS, MAX_SHARE, MAX_SIGMA, MIN_ALPHA,
};
use super::shape::Shape::{
    self, Address, Choice, Kinds, List, NameOrKinds, Number, OneOf, Signed, Table, Text, Whole,
    YesNo,
};
use crate::violation::Class;

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// What it means, with its default.
    pub(super) says: &'static str,
}

/// The keys of a table whose `kind` has this name, and what that kind is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    pub(super) fields: &'static [Field],
}

pub(super) const fn must(key: &'static str, shape: Shape, says: &'static str) -> Field {
    Field { key, shape, required: true, says }
}

const fn may(key: &'static str, shape: Shape, says: &'static str) -> Field {
    Field { key, shape, required: false, says }
}

const fn kind(name: &'static str, says: &'static str, fields: &'static [Field]) -> Variant {
    Variant { name, says, fields }
}

const PROBABILITY: Shape = Number(0.0, 1.0);
const MS: Shape = Whole(0, MAX_MS);
const LATENCY_MS: Shape = Number(0.0, MAX_LATENCY_MS);
const DRAWN: Shape = Whole(0, MAX_FAULTS);

pub(super) const SCENARIO: &[Field] = &[
    must("type", Text, "the name of the type or protocol to run. Required."),
    may("policy", Text, "how it is replicated; by default the first that the type offers."),
    may(
        "replicas",
        Whole(1, MAX_REPLICAS),
        "how many there are. Default 3, or as many as the topology is made of.",
    ),
    may(
        "topology",
        NameOrKinds(&["mesh", "chain", "ring", "star"], TOPOLOGIES),
        "who is whose neighbour. Default `\"mesh\"`.",
    ),
    may(
        "duration_ms",
        Whole(1, MAX_MS),
        "for how long clients work and faults strike. Default 2000.",
    ),
    may(
        "ops",
        Whole(1, MAX_OPS),
        "how many operations the clients perform, at random moments. Default 40.",
    ),
    may(
        "shares",
        List(&Whole(0, MAX_SHARE)),
        "how the operations are divided, one weight for each replica; by default evenly.",
    ),
    may(
        "writers",
        Whole(1, MAX_REPLICAS),
        "how many replicas perform operations, spread evenly over the addresses; by default all.",
    ),
    may(
        "pool",
        Whole(1, MAX_POOL),
        "how many different operations there are: so many are drawn first, and then only these are \
         performed. By default any.",
    ),
    may(
        "load",
        List(&Table(LOAD)),
        "how busy the clients are over time; by default always the same.",
    ),
    may(
        "clients",
        Table(CLIENTS),
        "clients that go from replica to replica; by default each stays where it is.",
    ),
    may(
        "latency",
        Kinds(LATENCIES),
        "how long a message travels. Default `{ kind = \"uniform\", min_ms = 5, max_ms = 40 }`.",
    ),
    may("bandwidth", Table(BANDWIDTH), "how much a link carries; by default anything."),
    may("loss", PROBABILITY, "the probability that a message is lost. Default 0."),
    may("duplicate", PROBABILITY, "the probability that a message arrives twice. Default 0."),
    may(
        "reorder",
        PROBABILITY,
        "the probability that a message leaves its link's order: it takes between nothing and eight \
         times its latency, and may overtake and be overtaken. Default 0.",
    ),
    may(
        "redeliver",
        PROBABILITY,
        "the probability that a message arrives again, long after: at any time until `duration_ms` \
         later. Default 0.",
    ),
    may("corrupt", PROBABILITY, "the probability that a message is damaged on its way. Default 0."),
    may("link", List(&Table(LINK)), "what is different on some links."),
    may(
        "pct",
        Whole(1, MAX_PCT),
        "not latencies but random priorities of links, one fewer than this of which fall behind all \
         others on the way: probabilistic concurrency testing of this depth. By default not.",
    ),
    may(
        "skew_ms",
        MS,
        "each replica's clock is ahead by a constant drawn from 0 to this, at most \
         `max_ahead_ms`. Default 0.",
    ),
    may(
        "drift_ppm",
        Whole(0, MAX_DRIFT_PPM),
        "each replica's clock runs fast or slow by up to so many millionths. Default 0.",
    ),
    may(
        "settle_ms",
        Whole(1, MAX_MS),
        "how long the replicas may take to settle, once the faults are over and what was sent under them \
         has arrived. Default 60000.",
    ),
    may("partitions", DRAWN, "how many further partitions are drawn, of any kind. Default 0."),
    may("crashes", DRAWN, "how many further crashes are drawn, with any disk. Default 0."),
    may("pauses", DRAWN, "how many further pauses are drawn. Default 0."),
    may("clocks", DRAWN, "how many further faults of clocks are drawn. Default 0."),
    may(
        "churn",
        DRAWN,
        "how many replicas leave, and as many join, at moments that are drawn. Default 0.",
    ),
    may(
        "checks",
        List(&OneOf(&Class::NAMES)),
        "what is checked; by default everything. Without any nothing is recorded either.",
    ),
    may("partition", List(&Table(PARTITION)), "cuts in the network."),
    may("crash", List(&Table(CRASH)), "replicas that stop, and come back."),
    may("pause", List(&Table(PAUSE)), "replicas that stand still for a while."),
    may("clock", List(&Table(CLOCK)), "clocks that go wrong."),
    may("join", List(&Table(JOIN)), "replicas that join later."),
    may("leave", List(&Table(LEAVE)), "replicas that leave."),
    may("config", Table(CONFIG), "the protocol's caps and intervals."),
];

pub(super) const TOPOLOGIES: &[Variant] = &[
    kind("mesh", "Everyone is everyone's.", &[]),
    kind("chain", "`1 - 2 - 3 - …`.", &[]),
    kind("ring", "A chain whose ends meet.", &[]),
    kind("star", "Everyone is the neighbour of 1 only.", &[]),
    kind(
        "tree",
        "1 is the root; each has so many below it.",
        &[must("arity", Whole(1, MAX_REPLICAS), "how many are below each.")],
    ),
    kind(
        "grid",
        "Rows of equal length; neighbours are left, right, above and below.",
        &[must("width", Whole(1, MAX_REPLICAS), "the length of a row.")],
    ),
    kind(
        "random-regular",
        "Everyone has equally many neighbours, drawn, whatever the seed of the run; connected.",
        &[
            must("degree", Whole(2, MAX_REPLICAS), "how many."),
            may("graph", Whole(0, MAX_GRAPH), "which of these graphs. Default 0."),
        ],
    ),
    kind(
        "hierarchy",
        "A cloud (1), below it regions, below each of them gateways, below each of those edges. The \
         links of each tier have its latency, where no `[[link]]` says otherwise.",
        &[
            must("regions", Whole(1, MAX_REPLICAS), "how many below the cloud."),
            must("gateways", Whole(1, MAX_REPLICAS), "how many below each region."),
            must("edges", Whole(1, MAX_REPLICAS), "how many below each gateway."),
        ],
    ),
    kind(
        "links",
        "Just these links, both ways.",
        &[must("links", List(&List(&Address)), "pairs of addresses.")],
    ),
    kind(
        "file",
        "The links in a file, a pair of addresses a line; `#` begins a comment. Once it is read, it \
         is the same as `links`.",
        &[must("path", Text, "the file, from where the scenario's own is.")],
    ),
];

const LATENCIES: &[Variant] = &[
    kind(
        "constant",
        "Always the same.",
        &[must("ms", LATENCY_MS, "milliseconds, fractions included.")],
    ),
    kind(
        "uniform",
        "Anything in a range, equally likely.",
        &[must("min_ms", LATENCY_MS, "the least."), must("max_ms", LATENCY_MS, "the greatest.")],
    ),
    kind(
        "exponential",
        "Memoryless: mostly short, sometimes several times the mean.",
        &[must("mean_ms", LATENCY_MS, "the mean.")],
    ),
    kind(
        "log-normal",
        "Mostly around the median, with a long tail.",
        &[
            must("median_ms", LATENCY_MS, "half of all messages take less."),
            must(
                "sigma",
                Number(0.0, MAX_SIGMA),
                "the standard deviation of the logarithm; 0.5 is mild, 1 is wild.",
            ),
        ],
    ),
    kind(
        "pareto",
        "Never below a least, with a tail so heavy that single messages take as long as all others \
         together.",
        &[
            must("min_ms", LATENCY_MS, "the least, and the most frequent."),
            must(
                "alpha",
                Number(MIN_ALPHA, MAX_ALPHA),
                "how fast the tail falls; 3 is mild, at 1 and below there is no mean.",
            ),
        ],
    ),
];

const BANDWIDTH: &[Field] = &[
    must("bytes_per_s", Whole(1, MAX_BYTES), "bytes of message in a second."),
    may(
        "buffer_bytes",
        Whole(1, MAX_BYTES),
        "how many may wait; a message that does not fit is dropped. Default 65536.",
    ),
];

const LOAD: &[Field] = &[
    must("at_ms", MS, "the moment, within the run's duration."),
    must("rate", Whole(0, MAX_SHARE), "how many operations, relative to the other moments."),
];

const CLIENTS: &[Field] = &[
    must("count", Whole(1, MAX_CLIENTS), "how many. The operations are divided among them evenly."),
    may(
        "roam",
        PROBABILITY,
        "the probability that a client goes to any replica for its next operation, instead of \
         staying. Default 0.",
    ),
    may(
        "token",
        YesNo,
        "a client brings what it has read and written along, and a replica that lacks some of it \
         turns it away. Only then are the guarantees of a session (Terry et al., PDIS 1994) \
         promised, and checked; without, what would break them is counted. Default false.",
    ),
];

const LINK: &[Field] = &[
    may("from", List(&Address), "the senders; by default any."),
    may(
        "to",
        List(&Address),
        "the receivers; by default any. The other direction is another link.",
    ),
    may("latency", Kinds(LATENCIES), "as of the scenario."),
    may("bandwidth", Table(BANDWIDTH), "as of the scenario."),
    may("loss", PROBABILITY, "as of the scenario."),
    may("duplicate", PROBABILITY, "as of the scenario."),
    may("reorder", PROBABILITY, "as of the scenario."),
    may("redeliver", PROBABILITY, "as of the scenario."),
    may("corrupt", PROBABILITY, "as of the scenario."),
];

const PARTITION: &[Field] = &[
    may("kind", Choice(PARTITION_KINDS), "what is cut. Default `\"groups\"`."),
    must("at_ms", MS, "when it begins, within the run's duration."),
    may("heal_ms", MS, "when it ends; by default with the run's duration."),
    may("groups", List(&List(&Address)), "addresses; what they mean depends on `kind`."),
    may(
        "share",
        PROBABILITY,
        "of `partial`, the share of the links that is cut, at least one. Default 0.5.",
    ),
    may(
        "flap_ms",
        Whole(1, MAX_MS),
        "the cut comes and goes: there for so long, then gone for so long, until it ends.",
    ),
];

/// What each kind of partition cuts.
const PARTITION_KINDS: &[Variant] = &[
    kind("groups", "Nothing passes between the groups; those not named form one group more.", &[]),
    kind(
        "one-way",
        "Nothing passes from the first group to anybody else; the other direction works.",
        &[],
    ),
    kind(
        "bridge",
        "Nothing passes between the groups; those not named hear everybody: they are the bridge.",
        &[],
    ),
    kind("ring", "Each hears only the two next to it, in the order of addresses.", &[]),
    kind("isolate", "Each that is named in `groups` is cut from everybody.", &[]),
    kind("partial", "A share of the links is cut, drawn for each direction by itself.", &[]),
];

const CRASH: &[Field] = &[
    must("replica", Address, "its address."),
    must("at_ms", MS, "when it stops, within the run's duration."),
    may("restart_ms", MS, "when it comes back; by default with the run's duration."),
    may("disk", Choice(DISKS), "what becomes of its disk. Default `\"kept\"`."),
    may(
        "reuse_identity",
        YesNo,
        "it comes back under the incarnation that it had, whatever its disk still knows of that. No \
         type with dots or slots stands it: a fault to see a judge at work. Default false.",
    ),
];

/// What may become of a disk.
const DISKS: &[Variant] = &[
    kind("kept", "All that was written is still there.", &[]),
    kind(
        "rolled-back",
        "What was written after the last message or acknowledgement left is gone: nobody was told \
         of it yet.",
        &[],
    ),
    kind("partly", "A first part of what was written is still there, of a drawn length.", &[]),
    kind("lost", "Nothing is.", &[]),
];

const PAUSE: &[Field] = &[
    must("replica", Address, "its address."),
    must("at_ms", MS, "when it stands still, within the run's duration."),
    may("resume_ms", MS, "when it goes on; by default with the run's duration."),
];

const CLOCK: &[Field] = &[
    must("replica", Address, "its address."),
    must("at_ms", MS, "when it goes wrong, within the run's duration."),
    may("until_ms", MS, "when it shows the right time again; by default with the run's duration."),
    may("jump_ms", Signed, "it jumps by so much, forward or back."),
    may("drift_ppm", Signed, "it runs fast by so many millionths, or slow."),
    may("stop", YesNo, "it stops."),
    may("set_ms", Whole(0, i64::MAX as u64), "it is set to this, and runs on from there."),
];

const JOIN: &[Field] = &[
    must("replica", Address, "its address."),
    must("at_ms", MS, "when, within the run's duration."),
];

const LEAVE: &[Field] = &[
    must("replica", Address, "its address."),
    must("at_ms", MS, "when, within the run's duration."),
];

pub(super) const CONFIG: &[Field] = &[
    may("gossip_ms", MS, "the time between two rounds of sending."),
    may("heartbeat_ms", MS, "the time between two signs of life to a peer that has everything."),
    may("buffer", MS, "the most deltas kept for peers that have not acknowledged them."),
    may("batch", MS, "the most deltas joined in one message."),
    may("window", MS, "the most messages to one peer in one round."),
    may("snapshot_every", MS, "the most records on a disk."),
    may("max_ahead_ms", MS, "how far ahead a stamp may be that is still accepted."),
];
