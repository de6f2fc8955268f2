//! The direction of imports: each module uses the modules below it, and never those above.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module uses only modules of later stages.
const STAGES: [&[&str]; 19] = [
    &["auth"],
    &["manage"],
    &["code"],
    &["action", "sign_in"],
    &["serve"],
    &["site"],
    &["enrolment"],
    &["once"],
    &["assertion"],
    &["attestation", "secret"],
    &["signed"],
    &["store"],
    &["bridge", "host"],
    &["event"],
    &["error"],
    &["model"],
    &["crypto"],
    &["encoding"],
    &["clock", "random", "sync", "together"],
];

/// Everybody may use these. They stand beside the stages.
const BESIDE: [&str; 3] = ["lib", "manual", "testing"];

fn stage_of(module: &str) -> Option<usize> {
    STAGES.iter().position(|stage| stage.contains(&module))
}

fn source_files() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files
        .into_iter()
        .map(|file| (file.strip_prefix(&src).unwrap().to_owned(), fs::read_to_string(&file).unwrap()))
        .collect()
}

/// Yields the code of a file, without prose and in-file tests.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn first_name(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// Yields the modules that a line of code names after `crate::`.
fn named_modules(source: &str) -> impl Iterator<Item = &str> {
    code(source).flat_map(|line| line.split("crate::").skip(1)).map(first_name)
}

#[test]
fn no_import_runs_back() {
    let files = source_files();
    let mut imports = 0;
    for (file, source) in &files {
        let top = file.iter().next().unwrap().to_str().unwrap();
        let own = top.trim_end_matches(".rs");
        if BESIDE.contains(&own) {
            continue;
        }
        let stage = stage_of(own).unwrap_or_else(|| panic!("{own} has no stage"));
        for module in named_modules(source) {
            let below = stage_of(module).unwrap_or_else(|| panic!("{}: {module}", file.display()));
            assert!(own == module || stage < below, "{} uses crate::{module}", file.display());
            imports += 1;
        }
        // A path through `super` could leave the folder unseen.
        let depth = file.iter().count() - usize::from(file.ends_with("mod.rs"));
        let climbs = code(source).flat_map(|line| line.match_indices("super::super").map(|_| 2));
        let climbs = climbs.chain(code(source).filter(|line| line.contains("super::")).map(|_| 1));
        assert!(climbs.max().unwrap_or(0) < depth, "{} climbs out of its folder", file.display());
    }
    assert!(files.len() > 40 && imports > 100, "{} files, {imports} imports", files.len());
}

#[test]
fn webauthn_rs_core_is_named_in_one_file() {
    let mut files = source_files();
    files.retain(|(_, source)| source.contains("use webauthn_rs_core"));
    let files: Vec<_> = files.into_iter().map(|(file, _)| file).collect();
    assert_eq!(files, [Path::new("attestation/fido2/engine/webauthn_rs.rs")]);
}

/// Two meanings of one name in one file would confuse its reader.
#[test]
fn no_module_has_the_name_of_a_crate_that_its_files_import() {
    let mut crates = BTreeSet::new();
    for (file, source) in &source_files() {
        let modules: BTreeSet<_> =
            file.iter().map(|part| part.to_str().unwrap().trim_end_matches(".rs").to_owned()).collect();
        let imports = code(source).filter_map(|line| line.trim_start().strip_prefix("use "));
        for name in imports.map(first_name) {
            if !matches!(name, "crate" | "self" | "super" | "std") {
                assert!(!modules.contains(name), "{} is a module and imports a crate", file.display());
                crates.insert(name.to_owned());
            }
        }
    }
    assert!(crates.len() > 20, "{crates:?}");
}
