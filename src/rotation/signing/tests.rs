use devauth_projections::key_uses::KeyUse;

use super::*;
use crate::rotation::fixture::{at, keys, known, used};

const NOW: i64 = 10_000;

fn step(file: &[&str], known: &Known) -> Step {
    next(&keys(file), known, at(NOW))
}

fn spread(behind: usize) -> Step {
    Step::Spread { key: "new".into(), nodes_behind: behind }
}

#[test]
fn one_key_that_all_nodes_sign_with_is_where_a_rotation_begins() {
    let uses = [used("old", 0, Some(NOW))];
    assert_eq!(step(&["old"], &known(&uses, &[&["old"], &["old"]])), Step::Publish);
    assert_eq!(step(&["old"], &known(&[], &[])), Step::Publish, "a service that was never started");
}

#[test]
fn a_new_key_signs_when_every_node_has_published_it_for_as_long_as_it_may_be_unknown() {
    let mut new = used("new", 9_000, None);
    let uses = |new: &KeyUse| [used("old", 0, Some(NOW)), new.clone()];
    let file = ["old", "new"];

    assert_eq!(step(&file, &known(&uses(&new), &[&["old"], &["old", "new"], &["old"]])), spread(2));
    let everywhere: &[&[&str]] = &[&["old", "new"], &["old", "new"]];
    let sign = |seconds| Step::Sign { key: "new".into(), not_before: at(seconds) };
    assert_eq!(step(&file, &known(&uses(&new), everywhere)), sign(NOW + 310), "published just now");
    new.published_at = Some(at(9_100));
    assert_eq!(step(&file, &known(&uses(&new), everywhere)), sign(9_410));
    assert_eq!(
        step(&file, &known(&uses(&new), &[&["old", "new"], &["old"]])),
        spread(1),
        "an old copy of the file"
    );
}

#[test]
fn the_old_key_goes_when_all_sign_with_the_new_one_and_its_last_token_has_expired() {
    let uses = [used("old", 0, Some(9_500)), used("new", 9_000, Some(NOW))];
    let file = ["new", "old"];

    let behind = step(&file, &known(&uses, &[&["new", "old"], &["old", "new"]]));
    assert_eq!(behind, Step::Switch { key: "new".into(), nodes_behind: 1 });
    let all = step(&file, &known(&uses, &[&["new", "old"], &["new", "old"]]));
    assert_eq!(all, Step::Retire { old: keys(&["old"]), not_before: at(9_500 + 900) });
    let gone = step(&["new"], &known(&uses, &[&["new"], &["new", "old"]]));
    assert_eq!(gone, Step::Forget { old: keys(&["old"]), nodes_behind: 1 });
    assert_eq!(step(&["new"], &known(&uses, &[&["new"], &["new"]])), Step::Publish);
}

#[test]
fn a_key_behind_the_first_that_was_there_from_the_beginning_is_on_its_way_out() {
    // Rotated by hand before anybody took notes: it may have signed until it was first seen behind the other.
    let mut old = used("old", 0, None);
    old.needed_until = Some(at(900));
    let uses = [used("new", 0, Some(NOW)), old];
    let all = step(&["new", "old"], &known(&uses, &[&["new", "old"]]));
    assert_eq!(all, Step::Retire { old: keys(&["old"]), not_before: at(900) });
}

#[test]
fn without_a_node_nothing_is_waited_for_but_time() {
    let new = KeyUse { published_at: Some(at(9_900)), ..used("new", 9_900, None) };
    let uses = [used("old", 0, Some(9_000)), new];
    let sign = Step::Sign { key: "new".into(), not_before: at(9_900 + 310) };
    assert_eq!(step(&["old", "new"], &known(&uses, &[])), sign);
}

#[test]
fn every_state_says_what_to_do() {
    let time = at(0);
    for (step, word) in [
        (Step::Publish, "--publish"),
        (spread(1), "--publish"),
        (Step::Sign { key: "k".into(), not_before: time }, "--sign"),
        (Step::Switch { key: "k".into(), nodes_behind: 1 }, "--sign"),
        (Step::Retire { old: keys(&["k", "l"]), not_before: time }, "--retire"),
        (Step::Forget { old: keys(&["k"]), nodes_behind: 1 }, "--retire"),
    ] {
        assert!(step.to_string().contains(word), "{step}");
    }
}
