"""Measures how long the Python library webauthn takes for the registrations that benches/attestation.rs verifies."""

import json
import sys
import time
from pathlib import Path

from webauthn import verify_registration_response
from webauthn.helpers import base64url_to_bytes

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"


def load(file, member):
    return json.loads((VECTORS / file).read_text())[member]


for vector in load("webauthn_level_3.json", "vectors") + load("bench_registration.json", "passkeys"):
    name = vector["id"].removeprefix("w3c-")
    credential = {
        "id": vector["credId"],
        "rawId": vector["credId"],
        "type": "public-key",
        "response": {
            "clientDataJSON": vector["clientData"],
            "attestationObject": vector["attestationData"],
        },
        "clientExtensionResults": {},
    }

    def check():
        verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(vector["challenge_b64url"]),
            expected_origin=vector["origin"],
            expected_rp_id=vector["rp_id"],
            require_user_verification=False,
        )

    try:
        check()
    except Exception as error:
        print(f"{name}: {error}", file=sys.stderr)
        continue
    best = float("inf")
    for _ in range(40):
        start = time.perf_counter_ns()
        for _ in range(50):
            check()
        best = min(best, (time.perf_counter_ns() - start) / 50)
    print(f"fido2_{name}/py_webauthn {best:.0f} ns")
