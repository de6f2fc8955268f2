//! The laws, for one version: its crates, the algorithms that it registers, and the algorithms by
//! which it signs people in.

macro_rules! laws_of {
    ($version:ident, $webauthn:ident, $core:ident, made: $made:expr, signed_in: $signed_in:expr) => {
        mod $version {
            use std::time::Duration;

            use credential_code::bridge;
            use credential_code::model::Credential;
            use serde::Serialize;
            use serde::de::DeserializeOwned;
            use serde_json::{from_value, to_string, to_value};
            use $core::WebauthnCore;
            use $core::proto::COSEAlgorithm;
            use $webauthn::prelude::{
                AuthenticationResult, Credential as Row, Passkey, SecurityKey, Url, Uuid, Webauthn,
                WebauthnBuilder, WebauthnResult,
            };

            use crate::authenticator::{Authenticator, ORIGIN, PARTY, context};

            fn webauthn() -> Webauthn {
                let origin = Url::parse(ORIGIN).unwrap();
                WebauthnBuilder::new(PARTY, &origin).unwrap().build().unwrap()
            }

            fn read<T: DeserializeOwned>(row: &str) -> T {
                serde_json::from_str(row).unwrap()
            }

            fn credential(row: &impl Serialize) -> Credential {
                bridge::credential(&to_string(row).unwrap(), &context()).unwrap()
            }

            fn register(authenticator: &Authenticator) -> Passkey {
                let id = Uuid::from_u128(1);
                let (options, state) = webauthn().start_passkey_registration(id, "ada", "Ada", None).unwrap();
                let answer = authenticator.register(&to_value(&options).unwrap());
                webauthn().finish_passkey_registration(&from_value(answer).unwrap(), &state).unwrap()
            }

            fn register_by_core(authenticator: &Authenticator) -> Row {
                let origins = vec![Url::parse(ORIGIN).unwrap()];
                let core = WebauthnCore::new_unsafe_experts_only(
                    "Example",
                    PARTY,
                    origins,
                    Duration::from_secs(60),
                    None,
                    None,
                );
                let builder = core.new_challenge_register_builder(b"1", "ada", "Ada").unwrap();
                let builder = builder.credential_algorithms(COSEAlgorithm::all_possible_algs());
                let (options, state) = core.generate_challenge_register(builder).unwrap();
                let answer = authenticator.register(&to_value(&options).unwrap());
                core.register_credential(&from_value(answer).unwrap(), &state, None).unwrap()
            }

            fn sign_in(passkey: &Passkey, by: &Authenticator) -> WebauthnResult<AuthenticationResult> {
                let passkeys = std::slice::from_ref(passkey);
                let (options, state) = webauthn().start_passkey_authentication(passkeys).unwrap();
                let answer = by.sign_in(&to_value(&options).unwrap());
                webauthn().finish_passkey_authentication(&from_value(answer).unwrap(), &state)
            }

            #[test]
            fn what_it_registered_signs_here() {
                for algorithm in [-7, -257] {
                    let mut authenticator = Authenticator::of(algorithm);
                    let credential = credential(&register(&authenticator));
                    let fido2 = credential.fido2.as_ref().unwrap();
                    assert_eq!((fido2.sign_count, fido2.user_verified), (1, true));
                    assert_eq!((fido2.backup_eligible, fido2.backed_up), (true, true));
                    assert_eq!(fido2.report.discoverable, Some(true));
                    authenticator.sign_count = 2;
                    assert_eq!(authenticator.sign_here(&credential).sign_count(), 2, "{algorithm}");
                }
            }

            #[test]
            fn what_its_core_registered_signs_here_by_every_algorithm() {
                for algorithm in $made {
                    let mut authenticator = Authenticator::of(algorithm);
                    let credential = credential(&register_by_core(&authenticator));
                    authenticator.sign_count = 2;
                    authenticator.sign_here(&credential);
                }
            }

            #[test]
            fn what_was_registered_here_signs_in_there() {
                for algorithm in $signed_in {
                    let mut authenticator = Authenticator::of(algorithm);
                    let mut passkey: Passkey =
                        read(&bridge::passkey(&authenticator.register_here()).unwrap());
                    authenticator.sign_count = 2;
                    let signed = sign_in(&passkey, &authenticator).unwrap();
                    assert_eq!((signed.counter(), signed.needs_update()), (2, true));

                    // The counter goes on from its count there.
                    assert_eq!(passkey.update_credential(&signed), Some(true));
                    let credential = credential(&passkey);
                    assert_eq!(credential.fido2.as_ref().unwrap().sign_count, 2);
                    authenticator.sign_count = 3;
                    authenticator.sign_here(&credential);
                }
            }

            #[test]
            fn by_the_other_algorithms_nobody_signs_in_there() {
                for mut authenticator in Authenticator::all() {
                    let passkey: Passkey = read(&bridge::passkey(&authenticator.register_here()).unwrap());
                    authenticator.sign_count = 2;
                    let is_signed_in = sign_in(&passkey, &authenticator).is_ok();
                    let algorithm = authenticator.algorithm();
                    assert_eq!(is_signed_in, $signed_in.contains(&algorithm), "{algorithm}");
                }
            }

            #[test]
            fn every_algorithm_comes_back_as_it_went() {
                for authenticator in Authenticator::all() {
                    let here = authenticator.register_here();
                    let there: Passkey = read(&bridge::passkey(&here).unwrap());
                    assert_eq!(credential(&there), here);
                    let there: SecurityKey = read(&bridge::passkey(&here).unwrap());
                    assert_eq!(credential(&there), here);
                    let there: Row = Passkey::into(read(&bridge::passkey(&here).unwrap()));
                    assert_eq!(credential(&there), here);
                }
            }

            #[test]
            fn what_it_registered_is_excluded_here_and_there() {
                let authenticator = Authenticator::of(-7);
                let passkeys = [register(&authenticator)];
                let array = to_string(&passkeys).unwrap();
                let rows = bridge::rows(&array).unwrap();
                assert_eq!(rows.len(), 1);
                assert_eq!(bridge::descriptor(rows[0]).unwrap().id, authenticator.id());

                let there: Passkey = read(&bridge::passkey(&authenticator.register_here()).unwrap());
                assert_eq!(there.cred_id(), passkeys[0].cred_id());
            }
        }
    };
}
