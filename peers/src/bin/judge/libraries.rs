//! automerge, yrs and loro, each as a [`Document`].

use std::sync::OnceLock;

use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{
    ActorId, AutoCommit, ChangeHash, ObjId, ObjType, ROOT, ReadDoc as _, ScalarValue, Value,
};
use loro::{ExportMode, LoroDoc, LoroValue, VersionVector};
use yrs::updates::decoder::Decode as _;
use yrs::{
    Any, Array as _, ClientID, Doc, GetString as _, Map as _, Out, ReadTxn as _, StateVector,
    Text as _, Transact as _, Update,
};

use crate::document::{Content, Document, Edit, Version};

/// Every replica begins with the same first change, which makes the objects.
#[derive(Clone)]
pub(crate) struct Automerge {
    document: AutoCommit,
    list: ObjId,
    text: ObjId,
}

fn commit(document: &mut AutoCommit) {
    document.commit_with(CommitOptions::default().with_time(0));
}

impl Automerge {
    fn heads(version: &Version) -> Vec<ChangeHash> {
        let hash = |(bytes, _): &(Vec<u8>, u64)| ChangeHash::try_from(bytes.as_slice());
        version.iter().map(hash).collect::<Result<_, _>>().expect("these are hashes")
    }
}

impl Automerge {
    fn begin() -> Self {
        let mut document = AutoCommit::new().with_actor(ActorId::from([0; 8]));
        let list = document.put_object(ROOT, "list", ObjType::List).expect("the root is a map");
        let text = document.put_object(ROOT, "text", ObjType::Text).expect("the root is a map");
        document.put(ROOT, "sum", ScalarValue::counter(0)).expect("the root is a map");
        document.put_object(ROOT, "map", ObjType::Map).expect("the root is a map");
        commit(&mut document);
        Self { document, list, text }
    }
}

impl Document for Automerge {
    fn open(peer: u64) -> Self {
        static BEGINNING: OnceLock<Automerge> = OnceLock::new();
        let mut document = BEGINNING.get_or_init(Self::begin).clone();
        document.document.set_actor(ActorId::from(peer.to_be_bytes()));
        document
    }

    fn edit(&mut self, edit: &Edit) -> Vec<u8> {
        let Self { document, list, text } = self;
        let before = document.get_heads();
        let map = document.get(ROOT, "map").expect("it reads").expect("it is there").1;
        match edit {
            Edit::Put(key, value) => document.put(map, key.as_str(), value.as_str()),
            Edit::Remove(key) => match document.get(&map, key.as_str()) {
                Ok(Some(_)) => document.delete(map, key.as_str()),
                _ => Ok(()), // an absent key cannot be deleted
            },
            Edit::Insert(place, element) => document.insert(list, *place, u64::from(*element)),
            Edit::Delete(place) => document.delete(list, *place),
            Edit::Type(place, char) => document.splice_text(text, *place, 0, &char.to_string()),
            Edit::Erase(place) => document.splice_text(text, *place, 1, ""),
            Edit::Add(by) => document.increment(ROOT, "sum", *by),
        }
        .expect("the edit is within the document");
        commit(document);
        document.save_after(&before)
    }

    fn import(&mut self, bytes: &[u8]) -> bool {
        self.document.load_incremental(bytes).expect("what was exported is imported");
        self.document.get_missing_deps(&[]).is_empty()
    }

    fn version(&mut self) -> Version {
        let mut heads = self.document.get_heads();
        heads.sort_unstable();
        heads.into_iter().map(|hash| (hash.0.to_vec(), 0)).collect()
    }

    fn since(&mut self, version: &Version) -> Vec<u8> {
        self.document.save_after(&Self::heads(version))
    }

    fn whole(&mut self) -> Vec<u8> {
        self.document.save()
    }

    fn content(&mut self) -> Content {
        let Self { document, list, text } = self;
        let map = document.get(ROOT, "map").expect("it reads").expect("it is there").1;
        let string = |value: Value<'_>| value.as_str().expect("they are strings").to_owned();
        let keys: Vec<String> = document.keys(&map).collect();
        let entry = |key: String| {
            let value = document.get(&map, key.as_str()).expect("it reads").expect("it is there");
            (key, string(value.0))
        };
        let element = |at| {
            let value = document.get(&*list, at).expect("it reads").expect("it is there");
            value.0.as_u64().expect("they are numbers") as u8
        };
        let sum = document.get(ROOT, "sum").expect("it reads").expect("it is there").0;
        Content {
            map: keys.into_iter().map(entry).collect(),
            list: (0..document.length(&*list)).map(element).collect(),
            text: document.text(&*text).expect("it is a text"),
            sum: sum.as_i64().expect("it is a number"),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Yrs(Doc);

impl Document for Yrs {
    fn open(peer: u64) -> Self {
        Self(Doc::with_client_id(peer))
    }

    fn edit(&mut self, edit: &Edit) -> Vec<u8> {
        let (map, list, text) = (
            self.0.get_or_insert_map("map"),
            self.0.get_or_insert_array("list"),
            self.0.get_or_insert_text("text"),
        );
        let mut transaction = self.0.transact_mut();
        let txn = &mut transaction;
        match edit {
            Edit::Put(key, value) => {
                map.insert(txn, key.as_str(), value.as_str());
            }
            Edit::Remove(key) => {
                map.remove(txn, key);
            }
            Edit::Insert(place, element) => {
                list.insert(txn, *place as u32, i64::from(*element));
            }
            Edit::Delete(place) => list.remove(txn, *place as u32),
            Edit::Type(place, char) => text.insert(txn, *place as u32, &char.to_string()),
            Edit::Erase(place) => text.remove_range(txn, *place as u32, 1),
            Edit::Add(_) => unreachable!("it has no counter"),
        }
        txn.encode_update_v1()
    }

    fn import(&mut self, bytes: &[u8]) -> bool {
        let update = Update::decode_v1(bytes).expect("what was exported is imported");
        let mut txn = self.0.transact_mut();
        txn.apply_update(update).expect("what was exported is imported");
        !txn.has_missing_updates()
    }

    /// The state vector does not tell of deletions.
    fn version(&mut self) -> Version {
        let snapshot = self.0.transact().snapshot();
        let clock = |(client, clock): (&ClientID, &u32)| {
            (client.get().to_be_bytes().to_vec(), u64::from(*clock))
        };
        let mut version: Version = snapshot.state_map.iter().map(clock).collect();
        for (client, ranges) in snapshot.delete_set.iter() {
            let client = client.get().to_be_bytes();
            for at in ranges.iter().flat_map(|range| range.clone()) {
                version.push(([&b"deleted"[..], &client].concat(), u64::from(at)));
            }
        }
        version.sort_unstable();
        version
    }

    fn since(&mut self, version: &Version) -> Vec<u8> {
        let mut known = StateVector::default();
        for (client, clock) in version {
            if let Ok(client) = client.as_slice().try_into() {
                known.set_max(ClientID::new(u64::from_be_bytes(client)), *clock as u32);
            }
        }
        self.0.transact().encode_state_as_update_v1(&known)
    }

    fn whole(&mut self) -> Vec<u8> {
        self.0.transact().encode_state_as_update_v1(&StateVector::default())
    }

    fn content(&mut self) -> Content {
        let (map, list, text) = (
            self.0.get_or_insert_map("map"),
            self.0.get_or_insert_array("list"),
            self.0.get_or_insert_text("text"),
        );
        let txn = self.0.transact();
        let string = |value: Out| match value {
            Out::Any(Any::String(value)) => value.to_string(),
            other => unreachable!("they are strings: {other:?}"),
        };
        let element = |value: Out| match value {
            Out::Any(Any::Number(value)) => value.as_i64().expect("they are whole") as u8,
            other => unreachable!("they are numbers: {other:?}"),
        };
        Content {
            map: map.iter(&txn).map(|(key, value)| (key.to_string(), string(value))).collect(),
            list: list.iter(&txn).map(element).collect(),
            text: text.get_string(&txn),
            sum: 0,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Loro(LoroDoc);

impl Document for Loro {
    fn open(peer: u64) -> Self {
        let document = LoroDoc::new();
        document.set_peer_id(peer).expect("nothing was done yet");
        Self(document)
    }

    fn edit(&mut self, edit: &Edit) -> Vec<u8> {
        let (map, list, text) =
            (self.0.get_map("map"), self.0.get_list("list"), self.0.get_text("text"));
        let before = self.0.oplog_vv();
        match edit {
            Edit::Put(key, value) => map.insert(key, value.as_str()),
            Edit::Remove(key) => map.delete(key),
            Edit::Insert(place, element) => list.insert(*place, i64::from(*element)),
            Edit::Delete(place) => list.delete(*place, 1),
            Edit::Type(place, char) => text.insert(*place, &char.to_string()),
            Edit::Erase(place) => text.delete(*place, 1),
            Edit::Add(by) => self.0.get_counter("sum").increment(*by as f64),
        }
        .expect("the edit is within the document");
        self.0.commit();
        self.0.export(ExportMode::updates(&before)).expect("it is exported")
    }

    fn import(&mut self, bytes: &[u8]) -> bool {
        self.0.import(bytes).expect("what was exported is imported").pending.is_none()
    }

    fn version(&mut self) -> Version {
        let version = self.0.oplog_vv();
        let mut version: Version = version
            .iter()
            .map(|(peer, counter)| (peer.to_be_bytes().to_vec(), *counter as u64))
            .collect();
        version.sort_unstable();
        version
    }

    fn since(&mut self, version: &Version) -> Vec<u8> {
        let known: VersionVector = version
            .iter()
            .map(|(peer, counter)| {
                let peer = peer.as_slice().try_into().expect("it was made of eight bytes");
                (u64::from_be_bytes(peer), *counter as i32)
            })
            .collect();
        self.0.export(ExportMode::updates(&known)).expect("it is exported")
    }

    fn whole(&mut self) -> Vec<u8> {
        self.0.export(ExportMode::Snapshot).expect("it is exported")
    }

    fn content(&mut self) -> Content {
        let LoroValue::Map(map) = self.0.get_map("map").get_value() else {
            unreachable!("it is a map")
        };
        let string = |value: &LoroValue| value.as_string().expect("they are strings").to_string();
        let element = |value: LoroValue| value.into_i64().expect("they are numbers") as u8;
        Content {
            map: map.iter().map(|(key, value)| (key.clone(), string(value))).collect(),
            list: self.0.get_list("list").to_vec().into_iter().map(element).collect(),
            text: self.0.get_text("text").to_string(),
            sum: self.0.get_counter("sum").get() as i64,
        }
    }
}
