//! People copy examples to production, so no slot key stands in one.

use std::fs;
use std::path::{Path, PathBuf};

fn collect(path: PathBuf, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(entry.unwrap().path(), files);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
        files.push(path);
    }
}

#[test]
fn no_example_has_a_slot_key_to_copy() {
    let mut files = Vec::new();
    // The package has no examples beside those in its documentation.
    for folder in ["src", "docs", "examples", "README.md"] {
        collect(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let mut keys = 0;
    for file in files.iter().filter(|file| file.exists()) {
        let text = fs::read_to_string(file).unwrap();
        for call in ["SlotKey::from_hex(", "SlotKey::new("] {
            for made_of in text.split(call).skip(1) {
                let is_literal = ["\"", "&\"", "b\"", "["].iter().any(|start| made_of.starts_with(start));
                assert!(!is_literal, "{}: {call}{:.20}", file.display(), made_of);
                keys += 1;
            }
        }
    }
    assert!(keys >= 3, "{keys} keys");
}
