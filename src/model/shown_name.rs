//! Names that people see. The owner decides by a credential's name whether to approve it.

/// Returns whether people see what the name says. It needs a visible character, and none that
/// reorders or breaks the text around it.
pub(crate) fn is_showable(name: &str) -> bool {
    name.chars().any(is_visible) && !name.chars().any(reorders_or_breaks)
}

/// Returns whether it is a control character, a line separator, or a character that embeds,
/// overrides or isolates a direction. Joiners and variation selectors are allowed: emoji are made
/// with them.
fn reorders_or_breaks(symbol: char) -> bool {
    symbol.is_control()
        || matches!(
            symbol,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Returns whether it is neither blank nor ignored by default when text is drawn. Unicode calls
/// these White_Space and Default_Ignorable_Code_Point; the blank pattern of Braille counts too.
fn is_visible(symbol: char) -> bool {
    !symbol.is_whitespace()
        && !symbol.is_control()
        && !matches!(
            symbol,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
#[path = "../../tests/unit/shown_name.rs"]
mod tests;
