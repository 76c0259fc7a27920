//! Scenarios as people write them: what is wrong is named, and pointed at.

use rejoin_sim::scenario::{
    Bandwidth, Caps, Clients, ClockFault, Crash, Disk, Join, Latency, Leave, Link, Load, Partition,
    PartitionKind, Pause, Topology,
};
use rejoin_sim::{Class, Scenario};

/// What is pointed at, and what is said.
fn error(text: &str) -> (String, String) {
    let error = Scenario::parse(text, &crate::support::registry()).expect_err(text);
    let place = error.span().map(|span| text[span].to_owned());
    (place.unwrap_or_default(), error.message().to_owned())
}

fn with(line: &str) -> String {
    format!("type = \"or-set\"\n{line}\n")
}

#[test]
fn what_is_not_said_has_its_default() {
    let scenario = Scenario::parse("type = \"or-set\"", &crate::support::registry()).unwrap();
    assert_eq!(scenario, Scenario::of("or-set"));
    assert_eq!((scenario.replicas, scenario.ops, scenario.topology), (3, 40, Topology::Mesh));
}

#[test]
fn a_scenario_written_out_reads_the_same() {
    let registry = crate::support::registry();
    for scenario in crate::support::of_presets(&registry) {
        let written = scenario.to_toml().unwrap();
        assert_eq!(Scenario::parse(&written, &registry).unwrap(), scenario, "{written}");
    }
}

#[test]
fn every_key_that_a_scenario_can_have_is_read() {
    // The keys and their kinds are listed once more where the text is checked.
    let full = Scenario {
        policy: Some("state".to_owned()),
        shares: vec![1, 2, 3],
        pool: Some(3),
        load: vec![Load { at_ms: 0, rate: 1 }, Load { at_ms: 1_000, rate: 40 }],
        clients: Some(Clients { count: 2, roam: 0.5, token: true }),
        bandwidth: Some(Bandwidth { bytes_per_s: 1_000, buffer_bytes: 2_000 }),
        redeliver: 0.1,
        corrupt: 0.1,
        link: vec![Link {
            from: vec![1],
            to: vec![2, 3],
            latency: Some(Latency::Pareto { min_ms: 3.0, alpha: 1.5 }),
            bandwidth: Some(Bandwidth { bytes_per_s: 1, buffer_bytes: 2 }),
            loss: Some(0.1),
            duplicate: Some(0.2),
            reorder: Some(0.3),
            redeliver: Some(0.4),
            corrupt: Some(0.5),
        }],
        pct: Some(3),
        drift_ppm: 200,
        pauses: 1,
        clocks: 1,
        churn: 1,
        checks: Some(Class::ALL.to_vec()),
        partition: vec![
            Partition {
                at_ms: 1,
                heal_ms: Some(2),
                groups: vec![vec![1], vec![2]],
                ..Partition::default()
            },
            Partition {
                kind: PartitionKind::Partial,
                at_ms: 1,
                share: Some(0.25),
                flap_ms: Some(9),
                ..Partition::default()
            },
        ],
        pause: vec![Pause { replica: 1, at_ms: 10, resume_ms: Some(20) }],
        clock: vec![
            ClockFault {
                replica: 1,
                at_ms: 1,
                jump_ms: Some(-3),
                until_ms: Some(2),
                ..Default::default()
            },
            ClockFault { replica: 2, at_ms: 1, drift_ppm: Some(-3), ..Default::default() },
            ClockFault {
                replica: 3,
                at_ms: 1,
                until_ms: Some(2),
                stop: true,
                ..Default::default()
            },
            ClockFault { replica: 3, at_ms: 2, set_ms: Some(0), ..Default::default() },
        ],
        join: vec![Join { replica: 2, at_ms: 30 }],
        leave: vec![Leave { replica: 2, at_ms: 40 }],
        config: Caps {
            gossip_ms: Some(1),
            heartbeat_ms: Some(2),
            buffer: Some(3),
            batch: Some(4),
            window: Some(5),
            snapshot_every: Some(6),
            max_ahead_ms: Some(7),
        },
        ..Scenario::of("or-set")
    };
    let latencies = [
        Latency::Constant { ms: 1.5 },
        Latency::Uniform { min_ms: 1.0, max_ms: 2.0 },
        Latency::Exponential { mean_ms: 3.0 },
        Latency::LogNormal { median_ms: 4.0, sigma: 0.5 },
        Latency::Pareto { min_ms: 3.0, alpha: 1.5 },
    ];
    let topologies = [
        Topology::Ring,
        Topology::Tree { arity: 2 },
        Topology::Grid { width: 2 },
        Topology::RandomRegular { degree: 2, graph: 0 },
        Topology::Links { links: vec![[1, 2], [1, 3]] },
    ];
    let disks = [Disk::Kept, Disk::Lost, Disk::Partly, Disk::RolledBack, Disk::Kept];
    for (number, (latency, topology)) in (0..).zip(latencies.into_iter().zip(topologies)) {
        let (disk, reuse_identity) = (disks[number], number == 1);
        let crash = vec![Crash { replica: 1, at_ms: 3, restart_ms: Some(4), disk, reuse_identity }];
        let scenario = Scenario { latency, topology, crash, ..full.clone() };
        let written = scenario.to_toml().unwrap();
        assert_eq!(Scenario::parse(&written, &crate::support::registry()), Ok(scenario));
    }
}

#[test]
fn numbers_may_be_whole_where_fractions_are_allowed() {
    let text = with("loss = 1\nlatency = { kind = \"constant\", ms = 3 }");
    let scenario = Scenario::parse(&text, &crate::support::registry()).unwrap();
    assert_eq!(scenario.loss, 1.0);
    assert_eq!(scenario.latency, Latency::Constant { ms: 3.0 });
}

#[test]
fn every_error_names_the_key_and_points_at_the_place() {
    let cases: &[(&str, &str, &str)] = &[
        // What is written, what is pointed at, what is said.
        ("colour = 1", "colour", "unknown key `colour` in the scenario"),
        ("policy = \"hope\"", "\"hope\"", "unknown policy `hope`"),
        (
            "topology = \"torus\"",
            "\"torus\"",
            "`topology` is \"torus\"; it must be one of \"mesh\", ",
        ),
        ("replicas = 0", "0", "`replicas` is 0; it must be between 1 and 1000000"),
        ("replicas = 5000", "5000", "a mesh of 5000 replicas has 24995000 links"),
        ("replicas = -1", "-1", "`replicas` is -1; it must be a whole number, and not negative"),
        ("replicas = \"3\"", "\"3\"", "`replicas` is \"3\"; it must be a whole number"),
        ("replicas = 3.5", "3.5", "`replicas` is 3.5; it must be a whole number"),
        (
            "ops = 99999999999999999999",
            "99999999999999999999",
            "`ops` is 99999999999999999999; it must be a whole number of at most 1000000000000",
        ),
        ("loss = \"much\"", "\"much\"", "`loss` is \"much\"; it must be a number"),
        ("loss = 1e400", "1e400", "`loss` is 1e400; it must be a smaller number"),
        ("policy = 1", "1", "`policy` is 1; it must be a name in quotes"),
        ("shares = [1, -2, 3]", "-2", "an item of `shares` is -2; it must be a whole number"),
        ("shares = 3", "3", "`shares` is 3; it must be a list in brackets"),
        ("crash = 3", "3", "`crash` is 3; it must be written as [[crash]]"),
        ("latency = 3", "3", "`latency` is 3; it must be a table of keys and values"),
        ("ops = 3\nops = 4", "ops", "this is not TOML: duplicate key"),
        (
            "topology = { kind = \"links\", links = [[1, 2, 3]] }",
            "{ kind = \"links\", links = [[1, 2, 3]] }",
            "a topology is a name, as in \"ring\", or a table",
        ),
        (
            "replicas = 1000\npartitions = 11",
            "11",
            "`partitions` is 11; with 1000 replicas and 999000 links there can be 10",
        ),
        (
            "duration_ms = 1000000\n[[partition]]\nat_ms = 0\ngroups = [[1]]\nflap_ms = 10",
            "10",
            "with a `flap_ms` of 10 it comes and goes 50000 times; it can 2047 times, which takes 245",
        ),
        (
            "replicas = 7\ntopology = { kind = \"random-regular\", degree = 3 }",
            "3",
            "`degree` is 3; with 7 replicas not all can have as many neighbours",
        ),
        (
            "topology = { kind = \"random-regular\", degree = 2, graph = 1000001 }",
            "1000001",
            "`graph` is 1000001; it must be",
        ),
        (
            "topology = \"chain\"\n[[link]]\nfrom = [1]\nto = [3, 1]\nloss = 0.5",
            "[[link]]",
            "no link from [1] to [3, 1] is in the topology, \"chain\"",
        ),
        ("[[link]]\nfrom = [1]", "[[link]]", "this `link` says nothing of its links"),
        (
            "[[partition]]\nkind = \"partial\"\nat_ms = 1\nshare = 0.0",
            "0.0",
            "`share` is 0; it must be above 0",
        ),
        ("ops = 0", "0", "`ops` is 0"),
        ("duration_ms = 0", "0", "`duration_ms` is 0"),
        ("settle_ms = 0", "0", "`settle_ms` is 0"),
        ("loss = 1.5", "1.5", "`loss` is 1.5; a probability is between 0 and 1"),
        ("duplicate = -0.1", "-0.1", "`duplicate` is -0.1"),
        ("reorder = nan", "nan", "`reorder` is NaN"),
        ("loss = inf", "inf", "`loss` is inf"),
        ("shares = [1, 2]", "[1, 2]", "2 weights for 3 replicas"),
        ("shares = [0, 0, 0]", "[0, 0, 0]", "somebody must work"),
        ("shares = [0, 1, 9999999]", "9999999", "a share is 9999999"),
        (
            "latency = { kind = \"uniform\", min_ms = 9, max_ms = 3 }",
            "3",
            "`max_ms` is 3, below `min_ms`, which is 9",
        ),
        ("latency = { kind = \"constant\", ms = -1 }", "-1", "`ms` is -1"),
        (
            "latency = { kind = \"constant\", ms = 1e300 }",
            "1e300",
            "`ms` is 1e300; it must be between 0 and 86400000",
        ),
        (
            "[latency]\nkind = \"constant\"\nms = 1\nsigma = 2",
            "sigma",
            "unknown key `sigma` in `latency`; there are `kind`, `ms`",
        ),
        ("[latency]\nkind = \"exponential\"", "[latency]", "`latency` lacks the key `mean_ms`"),
        ("[latency]\nms = 1", "[latency]", "`latency` lacks the key `kind`, one of \"constant\""),
        ("latency = { kind = \"slow\" }", "\"slow\"", "`kind` is \"slow\"; it must be one of"),
        ("[latency]\nkind = \"exponential\"\nmean_ms = nan", "nan", "`mean_ms` is NaN"),
        ("[config]\ngossip_s = 1", "gossip_s", "unknown key `gossip_s` in `config`"),
        ("[config]\nbatch = -1", "-1", "`batch` is -1"),
        // A replica would refuse whatever another says for as long as the run lasts.
        ("skew_ms = 60001", "60001", "`skew_ms` is 60001; it must be between 0 and 60000"),
        (
            "skew_ms = 101\n[config]\nmax_ahead_ms = 100",
            "101",
            "`skew_ms` is 101; it must be between 0 and 100",
        ),
        // A replica would not be woken while it may settle.
        (
            "[config]\ngossip_ms = 60001",
            "60001",
            "`gossip_ms` is 60001; it must not exceed `settle_ms`, which is 60000",
        ),
        (
            "settle_ms = 900\n[config]\nheartbeat_ms = 901",
            "901",
            "`heartbeat_ms` is 901; it must not exceed `settle_ms`, which is 900",
        ),
        (
            "[[partition]]\nat_ms = 5\ngroups = [[1, 2], [2, 3]]",
            "2",
            "replica 2 is in the groups twice",
        ),
        ("[[partition]]\nat_ms = 5\ngroups = [[1], [4]]", "4", "there is no replica 4"),
        ("[[partition]]\nat_ms = 5\ngroups = [[1, 2, 3]]", "[[1, 2, 3]]", "cut nothing"),
        ("[[partition]]\nat_ms = 5\ngroups = []", "[]", "cut nothing"),
        ("[[partition]]\nat_ms = 5\ngroups = [[], [1]]", "[]", "a group is empty"),
        (
            "[[partition]]\nat_ms = 500\nheal_ms = 400\ngroups = [[1]]",
            "400",
            "`heal_ms` is 400; it must be after `at_ms`, which is 500",
        ),
        ("[[partition]]\nat_ms = 2000\ngroups = [[1]]", "2000", "`duration_ms` is 2000"),
        (
            "[[partition]]\nat_ms = 1\nheal_ms = 2001\ngroups = [[1]]",
            "2001",
            "`heal_ms` is 2001, but",
        ),
        ("[[crash]]\nat_ms = 5", "[[crash]]", "`crash` lacks the key `replica`"),
        ("[[crash]]\nreplica = 9\nat_ms = 5", "9", "there is no replica 9"),
        ("[[crash]]\nreplica = 1\nat_ms = 3000", "3000", "`at_ms` is 3000"),
        (
            "[[crash]]\nreplica = 1\nat_ms = 30\nrestart_ms = 30",
            "30",
            "`restart_ms` is 30; it must be after",
        ),
        ("[[crash]]\nreplica = 1\nat_ms = 5\ndisk = \"wet\"", "\"wet\"", "`disk` is \"wet\""),
    ];
    for (line, place, message) in cases {
        let (found_place, found) = error(&with(line));
        assert_eq!(found_place, *place, "{line}: {found}");
        assert!(found.contains(message), "{line}: {found}");
    }
}

#[test]
fn what_is_just_within_bounds_is_accepted() {
    for line in [
        "skew_ms = 60000",
        "skew_ms = 100\n[config]\nmax_ahead_ms = 100",
        "settle_ms = 900\n[config]\nheartbeat_ms = 900\ngossip_ms = 900",
    ] {
        Scenario::parse(&with(line), &crate::support::registry()).expect(line);
    }
}

#[test]
fn a_type_that_there_is_not_is_named_with_those_that_there_are() {
    let (place, message) = error("type = \"or-sett\"");
    assert_eq!(place, "\"or-sett\"");
    assert!(message.starts_with("unknown type `or-sett`; there are `g-counter`, "), "{message}");
    let (_, message) = error("ops = 3");
    assert!(message.contains("lacks the key `type`"), "{message}");
    let (_, message) = error("type = ");
    assert!(!message.is_empty());
}

#[test]
fn the_place_is_the_last_of_several() {
    let text = with(
        "[[crash]]\nreplica = 1\nat_ms = 5\n[[crash]]\nreplica = 2\nat_ms = 7\nrestart_ms = 6",
    );
    let error = Scenario::parse(&text, &crate::support::registry()).unwrap_err();
    assert_eq!(error.span().unwrap().start, text.len() - 2);
}

#[test]
fn a_scenario_changed_by_a_program_is_checked_too() {
    let registry = crate::support::registry();
    let scenario = Scenario { policy: Some("hope".to_owned()), ..Scenario::of("or-set") };
    let error = scenario.check(&registry).unwrap_err();
    assert_eq!(error.span(), None);
    assert!(error.message().contains("there are `delta`, `state`"), "{error}");
    let subject = registry.get("or-set").unwrap();
    subject.run(&scenario, 1).unwrap_err();
    subject.run(&Scenario { replicas: 0, ..Scenario::of("or-set") }, 1).unwrap_err();
    subject.run(&Scenario::of("or-map"), 1).unwrap_err();
}
