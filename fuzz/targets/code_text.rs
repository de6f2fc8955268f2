//! What a person types as a code: read without a panic, and read again as the same code.
#![no_main]

use credential_code::model::CodeFormat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|typed: &str| {
    for format in [CodeFormat::TYPED, CodeFormat::SCANNED] {
        if let Ok(code) = format.parse(typed) {
            let shown = code.reveal();
            assert_eq!(format.parse(&shown).expect("a shown code is read").reveal(), shown);
        }
    }
});
