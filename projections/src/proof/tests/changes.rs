//! Whatever is done to a file, it is found.

use proptest::prelude::*;

use super::{checked, events, exported, exported_open};

/// Every byte of a small export, changed in its lowest bit and in the one that tells capitals from small letters.
#[test]
fn every_changed_byte_is_found() {
    for lines in [exported(&events()[..2]), exported_open(&events()[..1])] {
        let file = lines.concat().into_bytes();
        for position in 0..file.len() {
            for bit in [1, 0x20] {
                let mut changed = file.clone();
                changed[position] ^= bit;
                let shown = String::from_utf8_lossy(&changed[position.saturating_sub(20)..]).into_owned();
                assert!(!checked(&changed).findings.is_empty(), "byte {position}: {shown:.40}");
            }
        }
    }
}

#[test]
fn a_file_cut_off_anywhere_is_found() {
    let file = exported(&events()[..2]).concat().into_bytes();
    for length in 0..file.len() {
        assert!(!checked(&file[..length]).findings.is_empty(), "{length} bytes");
    }
}

fn is_found(lines: &[String]) -> Result<(), TestCaseError> {
    let summary = checked(lines.concat().as_bytes());
    prop_assert!(!summary.findings.is_empty());
    // Whoever reads the findings on a terminal is shown nothing of the payloads.
    for finding in summary.findings.kept() {
        prop_assert!(!finding.to_string().contains("example.org"), "{finding}");
    }
    Ok(())
}

/// Sealed or opened.
fn any_export() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![Just(exported(&events())), Just(exported_open(&events()))]
}

proptest! {
    #[test]
    fn any_changed_byte_is_found(lines in any_export(), place in any::<prop::sample::Index>(), other in 1u8..) {
        let mut file = lines.concat().into_bytes();
        let place = place.index(file.len());
        file[place] ^= other;
        prop_assert!(!checked(&file).findings.is_empty());
    }

    #[test]
    fn any_removed_line_is_found(mut lines in any_export(), line in 0usize..9) {
        lines.remove(line);
        is_found(&lines)?;
    }

    #[test]
    fn any_line_that_is_there_twice_is_found(mut lines in any_export(), from in 0usize..9, to in 0usize..=9) {
        lines.insert(to, lines[from].clone());
        is_found(&lines)?;
    }

    #[test]
    fn any_two_swapped_lines_are_found(mut lines in any_export(), one in 0usize..9, step in 1usize..9) {
        lines.swap(one, (one + step) % 9);
        is_found(&lines)?;
    }

    #[test]
    fn any_removed_byte_is_found(lines in any_export(), place in any::<prop::sample::Index>()) {
        let mut file = lines.concat().into_bytes();
        file.remove(place.index(file.len()));
        prop_assert!(!checked(&file).findings.is_empty());
    }
}

mod fuzz {
    use super::*;

    proptest! {
        #[test]
        fn no_file_makes_the_check_panic(file in prop::collection::vec(any::<u8>(), 0..600), good in 0usize..9) {
            let mut mixed = exported(&events())[..good].concat().into_bytes();
            mixed.extend(file);
            prop_assert!(!checked(&mixed).findings.is_empty());
        }
    }
}
