//! The claims of the threat model. Each names code and tests that are there, and each has a patch
//! that takes its defence away. `tests/mutations/run.py` makes the patches.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The rows of the one table of a page that has so many columns.
fn table(page: &str, columns: usize) -> Vec<Vec<String>> {
    let page = read(page);
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split(" | ").map(str::to_owned).collect::<Vec<_>>());
    // The first two are the head.
    cells.filter(|cells| cells.len() == columns).skip(2).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What is claimed: an attack fails, by that code, as those tests hold.
struct Claim {
    attack: String,
    code: Vec<String>,
    tests: Vec<String>,
}

fn claims() -> Vec<Claim> {
    let rows = table("docs/threat-model.md", 4).into_iter();
    rows.map(|row| {
        let [attack, _, code, tests] = <[String; 4]>::try_from(row).unwrap();
        Claim { attack, code: names(&code), tests: names(&tests) }
    })
    .collect()
}

/// A defence, taken away.
struct Patch {
    id: String,
    attack: String,
    file: String,
    test: String,
    old: Vec<String>,
}

fn patches() -> Vec<Patch> {
    let text = read("tests/mutations/defences.txt");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let blocks = format!("\n{}", lines.join("\n"));
    blocks.split("\n= ").skip(1).map(|block| patch(&format!("= {}", block.trim()))).collect()
}

fn patch(block: &str) -> Patch {
    let field = |name: &str| {
        let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
        let value = lines.next().unwrap_or_else(|| panic!("no `{name}` in {block}"));
        value.to_owned()
    };
    let mut id: String = Sha256::digest(block).iter().map(|byte| format!("{byte:02x}")).collect();
    id.truncate(8);
    Patch {
        id,
        attack: field("= "),
        file: field("file "),
        test: field("test "),
        old: block
            .lines()
            .filter_map(|line| line.strip_prefix("- "))
            .map(|line| line.trim().to_owned())
            .collect(),
    }
}

/// Whether a file has a test of that name: a function right behind its attributes.
fn has_test(source: &str, name: &str) -> bool {
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            let rest = line.strip_prefix("async ").unwrap_or(line);
            let rest = rest.strip_prefix("fn ").and_then(|rest| rest.strip_prefix(name));
            if is_test && rest.is_some_and(|rest| rest.starts_with('(')) {
                return true;
            }
            is_test = false;
        }
    }
    false
}

#[test]
fn every_claim_names_code_and_tests_that_are_there() {
    let claims = claims();
    for Claim { attack, code, tests } in &claims {
        assert!(!code.is_empty() && !tests.is_empty(), "{attack}");
        for path in code {
            assert!(root().join("src").join(path).exists(), "{attack}: src/{path} is not there");
        }
        for test in tests {
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{attack}: {test}"));
            let source = read(&format!("tests/{file}"));
            assert!(has_test(&source, name), "{attack}: tests/{file} has no test {name}");
        }
    }
    assert!(claims.len() > 80, "{} claims", claims.len());
}

#[test]
fn every_claim_has_a_patch_and_every_patch_is_of_a_claim() {
    let (claims, patches) = (claims(), patches());
    let attacked: BTreeSet<_> = patches.iter().map(|patch| &patch.attack).collect();
    for claim in &claims {
        assert!(
            attacked.contains(&claim.attack),
            "no patch takes away what defends against: {}",
            claim.attack
        );
    }
    for Patch { attack, test, .. } in &patches {
        let claim = claims.iter().find(|claim| claim.attack == *attack);
        let claim = claim.unwrap_or_else(|| panic!("a patch is of no claim: {attack}"));
        assert!(claim.tests.contains(test), "{attack}: its row does not name {test}");
    }
}

#[test]
fn every_patch_fits_its_file_once() {
    for Patch { attack, file, old, .. } in patches() {
        let source = read(&file);
        let lines: Vec<_> = source.lines().map(str::trim).collect();
        assert!(!old.is_empty(), "{attack}: a patch replaces nothing");
        let fits = lines.windows(old.len()).filter(|lines| *lines == old).count();
        assert_eq!(fits, 1, "{attack}: {file} has so often\n{}", old.join("\n"));
    }
}

/// After a patch was added or changed, `tests/mutations/run.py` makes those that have no row.
#[test]
fn every_patch_was_made_and_its_test_failed() {
    let rows = table("docs/defences.md", 5);
    let patches = patches();
    for row in &rows {
        let id = row[4].trim_matches('`');
        let patch = patches.iter().find(|patch| patch.id == id);
        let patch = patch.unwrap_or_else(|| panic!("{id} is no patch any more: {}", row[0]));
        assert_eq!((&row[0], &*row[3]), (&patch.attack, "falls"), "{}, {id}", patch.file);
    }
    for patch in &patches {
        let is_made = rows.iter().any(|row| row[4].trim_matches('`') == patch.id);
        assert!(is_made, "{}: {}, {} was not made", patch.attack, patch.file, patch.id);
    }
}

#[test]
fn a_test_is_found_by_its_name_alone() {
    let source = "#[test]\n/// Why.\nfn one() {\n}\n#[tokio::test(flavor = \"x\")]\nasync fn two() {}\nfn three() {}\n";
    for (name, expected) in [("one", true), ("two", true), ("three", false), ("tw", false), ("four", false)] {
        assert_eq!(has_test(source, name), expected, "{name}");
    }
}
