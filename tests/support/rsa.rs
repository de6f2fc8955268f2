//! A throw-away RSA key of 2048 bits.

use rsa::{BoxedUint, RsaPrivateKey};

const P: &str = "f98713b47f363a2ed69b03ac60fefd397fc90ccdf0204deed397aa3c7a3b155bd31a638e2b047c5c965cac8b1e48b7b3a891aac4e2678931cf45d33de2288c35cabb21a2a2cc6c7c48629a6a2c9faa814f2d3e71e775632915fd55237b3386334581d0926597d705f232ec1de81f91cfe1e87fd534aa37fed88acfe9add400df";
const Q: &str = "cc0815c66234b2b410f2149a1ed852eecf285b1d4796999b04b617b5aeb366ac2ba31c16266315ffb9bf2c6f447c5b7c49faf34519e31e2ec4e58fd71af78122e064156c71e337004a5fe9fb6e190d90757aec7a059d5b1a9e6acc21fd1d15c0cafc5a4efd9d61e55e74635216d4ef1fa8b741091f4ee40df4fbc21a4ec9e1a1";

fn number(hex: &str) -> BoxedUint {
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    BoxedUint::from_be_slice_vartime(&bytes)
}

pub(crate) fn private_key() -> RsaPrivateKey {
    RsaPrivateKey::from_p_q(number(P), number(Q), BoxedUint::from(65537_u32)).unwrap()
}
