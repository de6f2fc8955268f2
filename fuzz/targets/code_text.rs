//! What a person types as a code: read without a panic, and read again as the same code.

use credential_code::model::CodeFormat;

pub fn run(typed: &str) {
    for format in [CodeFormat::TYPED, CodeFormat::SCANNED] {
        if let Ok(code) = format.parse(typed) {
            let shown = code.reveal();
            assert_eq!(format.parse(&shown).expect("a shown code is read").reveal(), shown);
        }
    }
}
