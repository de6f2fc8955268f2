//! The direction of imports: each module uses those below it, and never those above.

use std::fs;
use std::path::{Path, PathBuf};

/// A module uses those of later stages alone.
const STAGES: [&[&str]; 11] = [
    &["action"],
    &["layer", "router"],
    &["http"],
    &["flow"],
    &["assertion"],
    &["attestation", "secret"],
    &["ceremony"],
    &["host", "store"],
    &["model"],
    &["crypto"],
    &["clock", "encoding", "random"],
];

/// The only stage whose modules use each other: the stores for SQL are repositories of a host's too.
const MUTUAL: [&str; 2] = ["host", "store"];

fn stage_of(module: &str) -> Option<usize> {
    STAGES.iter().position(|stage| stage.contains(&module))
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn may_use(own: &str, other: &str) -> bool {
    let is_mutual = MUTUAL.contains(&own) && MUTUAL.contains(&other);
    own == other || is_mutual || stage_of(own) < stage_of(other)
}

/// The modules that a line of code names after `crate::`; prose and in-file tests do not count.
fn named_modules(source: &str) -> impl Iterator<Item = &str> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

#[test]
fn no_import_runs_back() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    let mut imports = 0;
    for file in &files {
        let relative = file.strip_prefix(&src).unwrap();
        let top = relative.iter().next().unwrap().to_str().unwrap();
        let own = top.trim_end_matches(".rs");
        if stage_of(own).is_none() {
            continue;
        }
        for module in named_modules(&fs::read_to_string(file).unwrap()) {
            assert!(may_use(own, module), "{} uses crate::{module}", relative.display());
            imports += 1;
        }
    }
    assert!(files.len() > 40 && imports > 100, "{} files, {imports} imports", files.len());
}

#[test]
fn the_engine_is_named_in_one_file() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    files.retain(|file| fs::read_to_string(file).unwrap().contains("use webauthn_rs_core"));
    assert_eq!(files, [src.join("attestation/fido2/engine/webauthn_rs.rs")]);
}
