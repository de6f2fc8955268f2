//! The README shows what was added, and the addition is as small as it says.

use std::fs;
use std::path::Path;

const ADDED: &str = r#"#[cfg(feature = "code")]"#;
const REPLACED: &str = r#"#[cfg(not(feature = "code"))]"#;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Returns a diff of the statements that a file has only before the addition or only after it.
fn diff_of(path: &str) -> String {
    let text = read(path);
    let mut diff = format!("--- {path}\n");
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let sign = match line.trim() {
            ADDED => '+',
            REPLACED => '-',
            _ => continue,
        };
        for line in lines.by_ref() {
            diff += &format!("{sign}{line}\n");
            if line.ends_with(';') {
                break;
            }
        }
    }
    diff
}

/// Returns the dependencies that were added, without the words that make them a feature.
fn diff_of_dependencies() -> String {
    let manifest = read("Cargo.toml");
    let (_, added) = manifest.split_once("\n# What was added.\ncredential-code").unwrap();
    let (added, _) = added.split_once("\n\n").unwrap();
    let lines = format!("credential-code{added}");
    let lines = lines.lines().map(|line| format!("+{}\n", line.replace(", optional = true", "")));
    format!("--- Cargo.toml\n{}", lines.collect::<String>())
}

#[test]
fn the_readme_shows_every_line_that_differs() {
    let files = ["src/main.rs", "src/app.rs", "src/accounts.rs"].map(diff_of);
    let diff = format!("```diff\n{}{}```\n", diff_of_dependencies(), files.concat());
    let readme = read("README.md");
    assert!(readme.contains(&diff), "the README lacks:\n{diff}");
}

#[test]
fn no_other_file_of_the_application_differs() {
    for path in ["database.rs", "options.rs", "outbox.rs", "sessions.rs", "sign_in.rs"] {
        assert!(!read(&format!("src/{path}")).contains(r#"feature = "code""#), "{path}");
    }
}

#[test]
fn what_was_added_is_at_most_250_lines() {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let files = ["mod.rs", "host.rs", "metrics.rs", "passkeys.rs"];
    let lines = files.map(|file| read(&format!("src/codes/{file}")).lines().filter(is_code).count());
    let all = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/codes")).unwrap();
    let all = all.filter(|entry| entry.as_ref().unwrap().path().extension().is_some()).count();
    assert_eq!(all, files.len(), "each file is counted");
    assert!(lines.iter().sum::<usize>() <= 250, "{lines:?}");
}
