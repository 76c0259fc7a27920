//! A shopping cart on two devices that are offline now and then:
//! `cargo run -p rejoin-crdts --example shopping_cart`
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;

use rejoin_crdts::{Document, Merge, ReplicaId, Scalar};
use serde_json::json;

const PHONE: ReplicaId = ReplicaId::new(1, 0x6f1c); // an address, and a nonce
const LAPTOP: ReplicaId = ReplicaId::new(2, 0x90ae);

fn main() -> Result<(), Box<dyn Error>> {
    let mut phone = Document::new();
    let mut laptop = Document::new();

    // An edit is one transaction and has one delta, which is all that the laptop needs.
    let filled = phone.edit(PHONE, |root| {
        let mut items = root.map("items");
        for (name, amount, unit) in [("apples", 6, "pieces"), ("milk", 1, "litres")] {
            let mut item = items.map(name);
            item.register("amount").set(amount);
            item.register("unit").set(unit);
        }
        root.set("shops").insert("corner shop");
    })?;
    laptop.merge(&filled);
    show("the phone fills the cart", &phone, &laptop)?;

    // Offline: the phone takes the milk out, and says how many apples.
    let on_phone = phone.edit(PHONE, |root| {
        root.map("items").remove("milk");
        root.map("items").map("apples").register("amount").set(8);
        root.set("shops").insert("market");
    })?;
    // At the same time the laptop wants more milk, and says how many apples as well.
    let on_laptop = laptop.edit(LAPTOP, |root| {
        root.map("items").map("milk").register("amount").set(3);
        root.map("items").map("apples").register("amount").set(12);
        root.set("shops").remove("corner shop");
    })?;
    show("each edits while it is offline", &phone, &laptop)?;

    phone.merge(&on_laptop);
    laptop.merge(&on_phone);
    show("they rejoin", &phone, &laptop)?;
    assert_eq!(phone, laptop);
    // The removal took what it had seen of the milk, the unit too. It had not seen the three.
    // Neither count of apples had seen the other, so there are two, for somebody to decide.
    let expected = json!({
        "items": {
            "apples": { "amount": { "$concurrent": [8, 12] }, "unit": "pieces" },
            "milk": { "amount": 3 },
        },
        "shops": ["market"],
    });
    assert_eq!(serde_json::to_value(phone.view())?, expected);

    // Here the larger count is meant; whoever writes it has seen both.
    let counts = phone.view().map("items").map("apples").register("amount");
    let most = counts.values().max().cloned().unwrap_or(Scalar::Null);
    laptop.merge(&phone.edit(PHONE, |root| {
        root.map("items").map("apples").register("amount").set(most);
    })?);
    show("the phone decides", &phone, &laptop)?;
    let apples = laptop.view().map("items").map("apples");
    assert!(phone == laptop && apples.register("amount").values().eq([&12.into()]));
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
