"""What the Python library webauthn takes for the registrations that benches/attestation.rs verifies."""

import json
import sys
import time
from pathlib import Path

from webauthn import verify_registration_response
from webauthn.helpers import base64url_to_bytes

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"


def load(file, member):
    return json.loads((VECTORS / file).read_text())[member]


for vector in load("fido2_registration.json", "vectors") + load("bench_registration.json", "passkeys"):
    if vector["fmt"] == "tpm":
        continue
    credential = {
        "id": vector["credential_id_b64url"],
        "rawId": vector["credential_id_b64url"],
        "type": "public-key",
        "response": {
            "clientDataJSON": vector["clientDataJSON_b64url"],
            "attestationObject": vector["attestationObject_b64url"],
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
        print(f"{vector['id']}: {error}", file=sys.stderr)
        continue
    best = float("inf")
    for _ in range(40):
        start = time.perf_counter_ns()
        for _ in range(50):
            check()
        best = min(best, (time.perf_counter_ns() - start) / 50)
    print(f"fido2_{vector['id']}/py_webauthn {best:.0f} ns")
