//! Which passwords are denied, and which policies are too weak.

use super::PasswordPolicy;
use crate::model::Password;

#[test]
fn a_denied_password_is_denied_in_any_case_and_as_a_whole_only() {
    let policy = PasswordPolicy::new(["Password1", "ὈΔΥΣΣΕΎΣ", "straße 1"]);
    let denies = |text: &str| policy.denies(&Password::new(text).unwrap());
    assert!(["password1", "PASSWORD1", "paſſword1"].into_iter().all(denies));
    assert!(["Ὀδυσσεύς", "Ὀδυσσεύσ", "STRAßE 1", "STRASSE 1"].into_iter().all(denies));
    assert!(!["password12", " password1", "passwort1"].into_iter().any(denies));
}

#[test]
fn folding_makes_nothing_more_than_three_times_as_long() {
    for symbol in (char::MIN..=char::MAX).filter(|symbol| symbol.is_alphabetic()) {
        let text = symbol.to_string();
        assert!(super::fold_case(&text).len() <= 3 * text.len(), "{symbol:?}");
    }
}

#[test]
fn weak_and_absurd_parameters_break_a_rule() {
    let broken = |memory, passes| PasswordPolicy::new([""; 0]).argon2id(memory, passes).broken_rule();
    for (memory, passes) in super::WEAKEST {
        assert_eq!(broken(memory, passes), None);
        assert!(broken(memory - 1, passes).is_some());
        assert!(broken(memory, passes - 1).is_some());
    }
    assert_eq!(broken(1 << 20, 64), None);
    assert!(broken((1 << 20) + 1, 2).is_some() && broken(19_456, 65).is_some());
}

#[test]
fn a_place_for_a_million_is_the_most() {
    let broken = |most| PasswordPolicy::new([""; 0]).most_waiting(most).broken_rule();
    assert_eq!(broken(1 << 20), None);
    assert!(broken((1 << 20) + 1).is_some());
}
