// What @simplewebauthn/server takes for the registrations that benches/attestation.rs verifies.

import { readFileSync } from "node:fs";
import { verifyRegistrationResponse } from "@simplewebauthn/server";

const load = (file, member) =>
  JSON.parse(readFileSync(new URL(`../../tests/vectors/${file}`, import.meta.url)))[member];
const vectors = [...load("webauthn_level_3.json", "vectors"), ...load("bench_registration.json", "passkeys")];

for (const vector of vectors) {
  const id = vector.id.replace("w3c-", "");
  const input = {
    response: {
      id: vector.credId,
      rawId: vector.credId,
      type: "public-key",
      response: { clientDataJSON: vector.clientData, attestationObject: vector.attestationData },
      clientExtensionResults: {},
    },
    expectedChallenge: vector.challenge_b64url,
    expectedOrigin: vector.origin,
    expectedRPID: vector.rp_id,
    requireUserVerification: false,
  };
  const check = async () => {
    const { verified } = await verifyRegistrationResponse(input);
    if (!verified) throw new Error(`${id} was refused`);
  };
  try {
    await check();
  } catch (error) {
    console.error(`${id}: ${error.message}`);
    continue;
  }
  let best = Infinity;
  for (let batch = 0; batch < 40; batch++) {
    const start = process.hrtime.bigint();
    for (let run = 0; run < 50; run++) await check();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 50);
  }
  console.log(`fido2_${id}/simplewebauthn ${Math.round(best)} ns`);
}
