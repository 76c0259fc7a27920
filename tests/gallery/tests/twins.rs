//! The same types without the mistake: the judges have nothing to say of them, so that what they
//! say of the others is about the mistake.

mod twin;

use rejoin_crdts::Model;
use rejoin_crdts::laws::Laws;

fn is_sound<M: Model>(model: M) {
    let report = Laws::new(model).check().unwrap_or_else(|violation| panic!("{violation}"));
    assert!(report.concurrent > 0, "nothing was concurrent");
}

#[test]
fn a_counter_whose_writer_is_told_who_it_is_is_sound() {
    is_sound(twin::OwnIdCounter);
}

#[test]
fn a_set_that_never_makes_a_tag_twice_is_sound() {
    is_sound(twin::FreshTagSet);
}

#[test]
fn a_register_that_compares_the_writers_is_sound() {
    is_sound(twin::WriterTieRegister);
}
