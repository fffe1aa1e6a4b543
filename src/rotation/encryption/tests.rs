use super::*;
use crate::rotation::fixture::{keys, known, used};

fn step(file: &[&str], known: &Known, rows: u64) -> Step {
    next(&keys(file), known, rows)
}

#[test]
fn a_new_key_comes_to_the_front_when_every_node_has_it() {
    let uses = [used("old", 0, Some(100)), used("new", 90, None)];
    assert_eq!(step(&["old"], &known(&uses[..1], &[&["old"]]), 0), Step::Add);
    let behind = step(&["old", "new"], &known(&uses, &[&["old"], &["old", "new"]]), 0);
    assert_eq!(behind, Step::Spread { key: "new".into(), nodes_behind: 1 });
    let all = step(&["old", "new"], &known(&uses, &[&["old", "new"], &["old", "new"]]), 0);
    assert_eq!(all, Step::Promote { key: "new".into() });
}

#[test]
fn rows_are_resealed_when_every_node_seals_with_the_new_key_and_the_old_one_goes_after_the_last() {
    let uses = [used("old", 0, Some(100)), used("new", 90, Some(101))];
    let file = ["new", "old"];
    let behind = step(&file, &known(&uses, &[&["new", "old"], &["old", "new"]]), 5);
    assert_eq!(behind, Step::Switch { key: "new".into(), nodes_behind: 1 });
    let all: &[&[&str]] = &[&["new", "old"], &["new", "old"]];
    assert_eq!(step(&file, &known(&uses, all), 5), Step::Reseal { rows: 5 });
    assert_eq!(step(&file, &known(&uses, all), 0), Step::Retire { old: keys(&["old"]) });
    assert_eq!(step(&["new"], &known(&uses, &[&["new"]]), 0), Step::Add);
}

#[test]
fn a_key_that_was_fully_resealed_is_never_taken_for_a_new_one() {
    // Both files look alike: two keys, and the second one seals nothing.
    let coming = [used("a", 0, Some(100)), used("b", 90, None)];
    let going = [used("a", 90, Some(100)), used("b", 0, Some(95))];
    let nodes: &[&[&str]] = &[&["a", "b"]];
    assert_eq!(step(&["a", "b"], &known(&coming, nodes), 0), Step::Promote { key: "b".into() });
    assert_eq!(step(&["a", "b"], &known(&going, nodes), 0), Step::Retire { old: keys(&["b"]) });
}

#[test]
fn every_state_says_what_it_is_and_shows_ids_alone() {
    for (step, text) in [
        (Step::Add, "nothing is under way"),
        (Step::Spread { key: "k".into(), nodes_behind: 2 }, "2 nodes don't have key k"),
        (Step::Promote { key: "k".into() }, "key k"),
        (Step::Switch { key: "k".into(), nodes_behind: 2 }, "2 nodes don't seal with key k"),
        (Step::Reseal { rows: 3 }, "3 rows"),
        (Step::Retire { old: keys(&["k"]) }, "--retire"),
    ] {
        assert!(step.to_string().contains(text), "{step}");
    }
}
