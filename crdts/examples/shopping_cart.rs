//! A shopping cart on two devices that are offline now and then:
//! `cargo run -p rejoin-crdts --example shopping_cart`
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;

use rejoin_crdts::{CounterOverflow, Document, Merge, ReplicaId, Scalar};
use serde_json::json;

const PHONE: ReplicaId = ReplicaId::new(1, 0x6f1c); // an address, and a nonce
const LAPTOP: ReplicaId = ReplicaId::new(2, 0x90ae);

fn main() -> Result<(), Box<dyn Error>> {
    let mut phone = Document::new();
    let mut laptop = Document::new();

    // An edit is one transaction and has one delta, which is all that the laptop needs.
    let filled = phone.try_edit(PHONE, |root| {
        root.set("shops").insert("corner shop");
        let mut items = root.map("items");
        for (name, amount, unit) in [("apples", 6, "pieces"), ("milk", 1, "litres")] {
            let mut item = items.map(name);
            item.register("unit").set(unit);
            item.counter("amount").increment(amount)?;
        }
        Ok::<(), CounterOverflow>(())
    })?;
    laptop.merge(&filled);
    show("the phone fills the cart", &phone, &laptop)?;

    // Offline: the phone takes the milk out, wants two more apples, and says when.
    let on_phone = phone.try_edit(PHONE, |root| {
        root.map("items").remove("milk");
        root.set("shops").insert("market");
        root.register("day").set("Friday");
        root.map("items").map("apples").counter("amount").increment(2)
    })?;
    // At the same time the laptop wants more of both, and says when as well.
    let on_laptop = laptop.try_edit(LAPTOP, |root| {
        root.set("shops").remove("corner shop");
        root.register("day").set("Saturday");
        root.map("items").map("milk").counter("amount").increment(3)?;
        root.map("items").map("apples").counter("amount").increment(4)
    })?;
    show("each edits while it is offline", &phone, &laptop)?;

    phone.merge(&on_laptop);
    laptop.merge(&on_phone);
    show("they rejoin", &phone, &laptop)?;
    assert_eq!(phone, laptop);
    // All the apples count. The removal took what it had seen of the milk, one litre and the unit. It
    // had not seen the three. Neither day had seen the other, so there are two, for somebody to decide.
    let expected = json!({
        "day": { "$concurrent": ["Friday", "Saturday"] },
        "items": {
            "apples": { "amount": 12, "unit": "pieces" },
            "milk": { "amount": 3 },
        },
        "shops": ["market"],
    });
    assert_eq!(serde_json::to_value(phone.view())?, expected);

    // Whoever writes now has seen both.
    let day = phone.view().register("day").values().next().cloned().unwrap_or(Scalar::Null);
    laptop.merge(&phone.edit(PHONE, |root| root.register("day").set(day))?);
    show("the phone decides", &phone, &laptop)?;
    assert!(phone == laptop && laptop.view().register("day").values().eq([&"Friday".into()]));
    Ok(())
}

fn show(what: &str, phone: &Document, laptop: &Document) -> serde_json::Result<()> {
    println!("{what}");
    println!("  phone   {}", serde_json::to_string(&phone.view())?);
    println!("  laptop  {}\n", serde_json::to_string(&laptop.view())?);
    Ok(())
}

#[test]
fn it_does_what_it_shows() -> Result<(), Box<dyn Error>> {
    main()
}
