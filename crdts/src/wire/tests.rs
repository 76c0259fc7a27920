use std::collections::{BTreeMap, BTreeSet};

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::*;
use crate::{GCounter, ReplicaId};

type Sample = (String, Vec<u64>, Option<bool>);

const SCHEMA: u32 = 7;

fn sample() -> Sample {
    ("apple".into(), vec![1, 300, 70_000], Some(true))
}

fn sealed<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(Kind::Message, SCHEMA, value, &mut bytes).unwrap();
    bytes
}

fn open<T: de::DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    decode(Kind::Message, SCHEMA, Limits::default(), bytes)
}

/// A well-formed envelope around any payload at all.
fn forged(payload: &[u8]) -> Vec<u8> {
    struct Raw<'p>(&'p [u8]);

    impl Serialize for Raw<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeTuple;
            let mut tuple = serializer.serialize_tuple(self.0.len())?;
            for byte in self.0 {
                tuple.serialize_element(byte)?;
            }
            tuple.end()
        }
    }

    sealed(&Raw(payload))
}

/// bincode's encoding of the length 2⁶⁴ − 1.
const HUGE: [u8; 9] = [253, 255, 255, 255, 255, 255, 255, 255, 255];

#[test]
fn the_bytes_of_an_envelope_are_fixed() {
    let bytes = sealed(&sample());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        concat!(
            "89524a4e",     // magic
            "0100",         // format version
            "07000000",     // schema version
            "01",           // message
            "12000000",     // 18 bytes of payload
            "c0671cc0",     // checksum
            "056170706c65", // "apple"
            "0301fb2c01",   // three numbers: 1, 300,
            "fc70110100",   // 70000
            "0101",         // some, true
        )
    );
    assert_eq!(open::<Sample>(&bytes), Ok(sample()));
}

#[test]
fn every_damaged_byte_is_noticed() {
    let bytes = sealed(&sample());
    for at in 0..bytes.len() {
        for flip in 1..=255u8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let error = open::<Sample>(&damaged).expect_err("damage must be noticed");
            let expected = match at {
                0..4 => matches!(error, WireError::NotOurs),
                4..6 => matches!(error, WireError::Version { supported: VERSION, .. }),
                11..15 => matches!(
                    error,
                    WireError::TooLong { .. }
                        | WireError::Truncated { .. }
                        | WireError::Trailing { .. }
                ),
                _ => matches!(error, WireError::Checksum { .. }),
            };
            assert!(expected, "byte {at} ^ {flip:02x} gave {error:?}");
        }
    }
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = sealed(&sample());
    for len in 0..bytes.len() {
        let error = open::<Sample>(&bytes[..len]).unwrap_err();
        assert!(matches!(error, WireError::Truncated { .. }), "{len} bytes gave {error:?}");
    }
}

#[test]
fn something_else_is_told_apart_at_its_first_byte() {
    assert_eq!(open::<Sample>(b"{"), Err(WireError::NotOurs));
    assert_eq!(open::<Sample>(&[b'x'; 100]), Err(WireError::NotOurs));
}

#[test]
fn nothing_may_be_left_over() {
    let mut bytes = sealed(&sample());
    bytes.push(0);
    assert_eq!(open::<Sample>(&bytes), Err(WireError::Trailing { extra: 1 }), "after the envelope");
    let bytes = sealed(&(1u8, 2u8));
    assert_eq!(open::<u8>(&bytes), Err(WireError::Trailing { extra: 1 }), "within the payload");
}

#[test]
fn another_kind_schema_or_version_is_named() {
    let bytes = sealed(&1u8);
    let limits = Limits::default();
    let error = decode::<u8>(Kind::Trace, SCHEMA, limits, &bytes).unwrap_err();
    assert_eq!(error, WireError::WrongKind { found: 1, expected: Kind::Trace });
    assert_eq!(error.to_string(), "a message where a trace was expected");
    let error = decode::<u8>(Kind::Message, 8, limits, &bytes).unwrap_err();
    assert_eq!(error, WireError::Schema { found: SCHEMA, expected: 8 });
    let mut bytes = bytes;
    bytes[4] = 2;
    let error = open::<u8>(&bytes).unwrap_err();
    assert_eq!(error, WireError::Version { found: 2, supported: 1 });
}

#[test]
fn the_limit_of_the_length_is_exact() {
    let bytes = sealed(&"12345"); // a payload of 6
    let at = |max_bytes| {
        let limits = Limits { max_bytes, ..Limits::default() };
        decode::<String>(Kind::Message, SCHEMA, limits, &bytes)
    };
    assert_eq!(at(6), Ok("12345".into()));
    assert_eq!(at(5), Err(WireError::TooLong { len: 6, max: 5 }));
}

#[test]
fn a_value_that_cannot_be_written_leaves_the_bytes_alone() {
    struct Refuses;

    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }

    let mut bytes = vec![1, 2, 3];
    let error = encode(Kind::Record, SCHEMA, &("some", Refuses), &mut bytes).unwrap_err();
    assert_eq!(error, WireError::Unencodable("not today".into()));
    assert_eq!(bytes, [1, 2, 3]);
}

#[test]
fn the_types_own_validation_speaks() {
    // Two slots of a counter, in descending order.
    let error = open::<GCounter>(&forged(&[2, 2, 0, 5, 1, 0, 5])).unwrap_err();
    assert_eq!(error, WireError::Invalid("replicas are not in strictly ascending order".into()));
}

#[test]
fn a_forged_length_reserves_nothing() {
    // Each would allocate 2⁶⁴ elements, which aborts, if the length were believed.
    let invalid = |error: Option<WireError>| matches!(error, Some(WireError::Invalid(_)));
    assert!(invalid(open::<Vec<u8>>(&forged(&HUGE)).err()));
    assert!(invalid(open::<Vec<[u64; 16]>>(&forged(&HUGE)).err()));
    assert!(invalid(open::<String>(&forged(&HUGE)).err()));
    assert!(invalid(open::<BTreeMap<u64, String>>(&forged(&HUGE)).err()));
    assert!(invalid(open::<GCounter>(&forged(&HUGE)).err()));
    assert!(invalid(open::<Vec<Vec<Vec<u64>>>>(&forged(&HUGE.repeat(3))).err()));
    assert!(invalid(open::<Blob>(&forged(&HUGE)).err()));
}

/// Takes bytes by value, as `serde_bytes` does.
#[derive(Debug)]
struct Blob;

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Blob;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_byte_buf<E: de::Error>(self, _: Vec<u8>) -> Result<Blob, E> {
                panic!("owned bytes are allocated by their claimed length");
            }

            fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Blob, E> {
                Ok(Blob)
            }
        }

        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[test]
fn a_type_that_trusts_the_hint_is_told_little() {
    /// Reserves whatever the format says.
    struct Trusting(usize);

    impl<'de> Deserialize<'de> for Trusting {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Hint;

            impl<'de> Visitor<'de> for Hint {
                type Value = Trusting;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a sequence")
                }

                fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Trusting, A::Error> {
                    Ok(Trusting(access.size_hint().unwrap_or(0)))
                }
            }

            deserializer.deserialize_seq(Hint)
        }
    }

    let hinted = open::<Trusting>(&forged(&HUGE)).unwrap().0;
    assert!(hinted <= 4096, "{hinted}");
    assert_eq!(open::<Trusting>(&forged(&[3])).unwrap().0, 3);
}

#[test]
fn elements_that_take_no_bytes_end() {
    // Nine bytes that claim 2⁶⁴ elements of none: without a count, some centuries of work.
    let error = open::<Vec<()>>(&forged(&HUGE)).unwrap_err();
    assert!(matches!(error, WireError::Invalid(_)), "{error:?}");
    let error = open::<BTreeSet<()>>(&forged(&HUGE)).unwrap_err();
    assert!(matches!(error, WireError::Invalid(_)), "{error:?}");
    assert_eq!(open::<Vec<()>>(&sealed(&vec![(); 1000])).unwrap().len(), 1000);
}

#[test]
fn long_sequences_of_small_structs_are_within_the_count() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Inner {
        byte: u8,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Outer {
        inner: Inner,
        nothing: (),
    }
    let value = vec![Outer { inner: Inner { byte: 1 }, nothing: () }; 200_000];
    assert_eq!(open::<Vec<Outer>>(&sealed(&value)), Ok(value));
}

/// A list by recursion: each cell is one level of an enum around the next.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum List {
    End,
    Cell(Box<List>),
}

/// `End` within `cells` cells, encoded by hand: variant 1 for each cell, and variant 0.
fn cells(cells: usize) -> Vec<u8> {
    let mut payload = vec![1; cells];
    payload.push(0);
    forged(&payload)
}

#[test]
fn the_limit_of_the_depth_is_exact() {
    let at = |max_depth| {
        let limits = Limits { max_depth, ..Limits::default() };
        decode::<List>(Kind::Message, SCHEMA, limits, &cells(3))
    };
    let list = List::Cell(Box::new(List::Cell(Box::new(List::Cell(Box::new(List::End))))));
    assert_eq!(at(4), Ok(list), "three cells and the end are four levels");
    assert_eq!(at(3), Err(WireError::TooDeep { max_depth: 3 }));
    assert!(open::<List>(&cells(Limits::default().max_depth - 1)).is_ok());
    assert!(open::<List>(&cells(Limits::default().max_depth)).is_err());
}

#[test]
fn a_recursive_type_cannot_overflow_the_stack() {
    let too_deep = Err(WireError::TooDeep { max_depth: 128 });
    assert_eq!(open::<List>(&cells(100_000)), too_deep);

    /// Recursion through every other door: options, newtypes, sequences, maps, struct variants.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Optional(Option<Box<Optional>>);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Tree {
        branches: Vec<Tree>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Named {
        Field { next: BTreeMap<u8, Named> },
    }
    let ones = forged(&vec![1; 100_000]);
    assert_eq!(open::<Optional>(&ones).unwrap_err(), WireError::TooDeep { max_depth: 128 });
    assert_eq!(open::<Tree>(&ones).unwrap_err(), WireError::TooDeep { max_depth: 128 });
    let named = forged(&[0, 1, 9].repeat(50_000)); // variant 0, one entry, under the key 9
    assert_eq!(open::<Named>(&named).unwrap_err(), WireError::TooDeep { max_depth: 128 });
}

#[test]
fn equal_values_have_equal_bytes() {
    let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    let (mut left, mut right) = (GCounter::new(), GCounter::new());
    let _ = left.increment(a, 1).unwrap();
    let _ = left.increment(b, 2).unwrap();
    let _ = right.increment(b, 2).unwrap();
    let _ = right.increment(a, 1).unwrap();
    assert_eq!(payload_bytes(&left), payload_bytes(&right));
}

#[test]
fn envelopes_are_appended() {
    let mut bytes = vec![9];
    encode(Kind::Record, SCHEMA, &5u8, &mut bytes).unwrap();
    assert_eq!(bytes[0], 9);
    assert_eq!(decode(Kind::Record, SCHEMA, Limits::default(), &bytes[1..]), Ok(5u8));
}
