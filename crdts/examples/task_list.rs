//! A task list that two people share, with two versions of the app:
//! `cargo run -p rejoin-crdts --example task_list`
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;

use rejoin_crdts::{Document, EditError, IndexError, Merge, ReplicaId};
use serde_json::json;

const ADA: ReplicaId = ReplicaId::new(1, 0x6f1c); // an address, and a nonce
const BEN: ReplicaId = ReplicaId::new(2, 0x90ae);

fn main() -> Result<(), Box<dyn Error>> {
    let mut ada = Document::new();
    let mut ben = Document::new();

    ben.merge(&ada.try_edit(ADA, |root| {
        for (id, title) in [("t1", "mow the lawn"), ("t2", "wash up")] {
            root.map(id).text("title").insert(0, title)?;
            root.map(id).set("tags").insert("home");
            root.list("order").push(id);
        }
        root.map("t2").flag("done").enable();
        Ok::<(), IndexError>(())
    })?);
    show("Ada makes a list", &ada, &ben)?;

    // Offline. Ada clears out what is done, and says who does the rest: her app has one name there.
    let by_ada = ada.try_edit(ADA, |root| {
        root.remove("t2");
        root.map("t1").register("who").set("Ada");
        root.map("t1").text("title").insert(7, " front")?;
        root.list("order").remove(1)
    })?;
    // Ben finds that something is not done after all. His app is newer, and has a set of names.
    let by_ben = ben.try_edit(BEN, |root| {
        root.map("t2").flag("done").disable();
        root.map("t2").set("tags").insert("again");
        root.map("t1").set("who").insert("Ben");
        root.map("t1").set("who").insert("Cleo");
        root.map("t1").text("title").insert(12, " and the hedge")?;
        root.map("t3").text("title").insert(0, "cook")?;
        root.list("order").insert(0, "t3")
    })?;
    show("both edit it while they are offline", &ada, &ben)?;

    ada.merge(&by_ben);
    ben.merge(&by_ada);
    show("they rejoin", &ada, &ben)?;
    assert_eq!(ada, ben);
    // "who" is a register and a set: two fields of one name, which do not overwrite each other.
    // Of t2 there is what Ben did, and not the title, which Ada had seen when she removed it.
    // The title and the order have what both did to them.
    let expected = json!({
        "order": ["t3", "t1"],
        "t1": {
            "tags": ["home"],
            "title": "mow the front lawn and the hedge",
            "who": { "$register": "Ada", "$set": ["Ben", "Cleo"] },
        },
        "t2": { "tags": ["again"] },
        "t3": { "title": "cook" },
    });
    assert_eq!(serde_json::to_value(ada.view())?, expected);

    // Ada's app is updated, and moves what is in the old field to the new one.
    ben.merge(&ada.edit(ADA, |root| {
        let mut task = root.map("t1");
        let names: Vec<_> = task.view().register("who").values().cloned().collect();
        names.into_iter().for_each(|name| task.set("who").insert(name));
        task.register("who").clear();
    })?);
    show("Ada's app moves the old field to the new one", &ada, &ben)?;
    assert!(ada == ben && ben.view().map("t1").set("who").len() == 3);

    // All or nothing: a task without a title is no task, and leaves nothing behind.
    let refused = ben.try_edit(BEN, |root| {
        root.map("t4").flag("done").enable();
        let titled = !root.map("t4").view().text("title").is_empty();
        if titled { Ok(()) } else { Err("t4 has no title") }
    });
    assert_eq!(refused, Err(EditError::Refused("t4 has no title")));
    assert_eq!(ada, ben);
    Ok(())
}

fn show(what: &str, ada: &Document, ben: &Document) -> serde_json::Result<()> {
    println!("{what}");
    println!("  Ada  {}", serde_json::to_string(&ada.view())?);
    println!("  Ben  {}\n", serde_json::to_string(&ben.view())?);
    Ok(())
}

#[test]
fn it_does_what_it_shows() -> Result<(), Box<dyn Error>> {
    main()
}
