//! What a name may hold.

use super::is_showable;

#[test]
fn names_in_any_script_and_emoji_are_shown() {
    for name in [
        "laptop",
        "Schlüssel 🔑",
        "電話",
        "هاتف",
        "מפתח",
        "👩‍💻 work",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "❤️",
        "क्ष",
        " a ",
        "Max\u{a0}Muster",
        "-",
    ] {
        assert!(is_showable(name), "{name:?}");
    }
}

#[test]
fn a_name_that_reorders_the_text_around_it_is_refused() {
    for symbol in
        "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}"
            .chars()
    {
        assert!(!is_showable(&format!("Support {symbol}deifirev")), "{symbol:?}");
    }
    for symbol in "\u{0}\n\r\t\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}".chars() {
        assert!(!is_showable(&format!("a{symbol}b")), "{symbol:?}");
    }
}

#[test]
fn a_name_without_a_visible_character_is_refused() {
    for name in [
        "",
        " ",
        "\u{3000}",
        "\u{200b}",
        "\u{200d}\u{fe0f}",
        "\u{feff}",
        "\u{ad}",
        "\u{2800}",
        "\u{3164} \u{2060}",
    ] {
        assert!(!is_showable(name), "{name:?}");
    }
}
