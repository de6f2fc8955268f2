"""The requests that the published SDK, unmodified, sends to the example server, and that the server accepts them.

A proxy between the two keeps each request. So a test fails as well where a new version of the SDK
sends something else, and then no longer shows what it is named for.
"""

import base64
import json
import unittest

import demo
from dfns_sdk import DfnsError


class Wire(demo.TestCase):
    def setUp(self):
        self.recorder = demo.Recorder(self.setup["base"])
        self.addCleanup(self.recorder.stop)
        self.dfns = self.seeded(base=self.recorder.base)

    def sent(self, method, path):
        """Returns the last request to this endpoint."""
        path = self.recorder.PATH + path
        return [sent for sent in self.recorder.sent if (sent.method, sent.path) == (method, path)][-1]

    def signed_payload(self):
        """Returns what the last user action is for: method, path and payload."""
        action = json.loads(self.sent("POST", "/auth/action/init").body)
        return [action[f"userAction{member}"] for member in ("HttpMethod", "HttpPath", "Payload")]

    def test_a_request_without_a_body_may_name_the_type_of_one(self):
        _, credential = self.create(self.dfns)
        path = f"/auth/credentials/{credential['credentialUuid']}"
        self.dfns.auth.list_credentials()
        self.dfns.auth.delete_credential(credential["credentialUuid"])
        for sent in (self.sent("GET", "/auth/credentials"), self.sent("DELETE", path)):
            self.assertEqual("application/json", sent.headers["content-type"])
            self.assertEqual(b"", sent.body)

    def test_a_deletion_is_signed_as_an_empty_payload(self):
        _, credential = self.create(self.dfns)
        self.assertEqual({}, self.dfns.auth.delete_credential(credential["credentialUuid"]))
        self.assertEqual(["DELETE", f"/auth/credentials/{credential['credentialUuid']}", ""], self.signed_payload())

    def test_a_name_is_signed_in_escapes_and_sent_in_utf_8_and_kept(self):
        name = "Clé d’Ada 🔑"
        _, credential = self.create(self.dfns, name)
        method, path, payload = self.signed_payload()
        body = self.sent("POST", "/auth/credentials").body
        self.assertEqual(("POST", "/auth/credentials"), (method, path))
        self.assertIn(r"Cl\u00e9 d\u2019Ada \ud83d\udd11", payload)
        self.assertIn(name.encode(), body)
        self.assertEqual(json.loads(payload), json.loads(body))
        self.assertEqual(name, credential["name"])
        self.assertEqual(name, self.listed(self.dfns, credential)["name"])

    def test_a_body_in_the_form_of_the_types_is_refused_and_changes_nothing(self):
        # The types of the SDK have members in snake case, and it sends them unchanged.
        _, credential = self.create(self.dfns)
        body = {"credential_uuid": credential["credentialUuid"]}
        for change in (self.dfns.auth.deactivate_credential, self.dfns.auth.activate_credential):
            with self.assertRaises(DfnsError) as refused:
                change(body)
            # The refusal says where that member is, after its name.
            self.assert_refused_at(refused.exception, '{"credential_uuid"')
        self.assertTrue(self.listed(self.dfns, credential)["isActive"])

    def test_a_body_in_the_form_of_the_types_spends_no_code(self):
        code = self.dfns.auth.create_credential_code({"expiration": demo.in_a_minute()})["code"]
        exchange = self.dfns.auth.create_credential_challenge_with_code
        with self.assertRaises(DfnsError) as refused:
            exchange({"credential_kind": "Key", "code": code})
        self.assert_refused_at(refused.exception, '{"credential_kind"')
        self.assertEqual("Key", exchange({"credentialKind": "Key", "code": code})["kind"])

    def assert_refused_at(self, error, read):
        self.assertEqual((400, "invalid_request"), (error.status_code, error.error_code))
        self.assertRegex(error.message, rf"line 1, column {len(read)}\b")

    def test_a_path_before_the_endpoints_is_sent_and_not_signed(self):
        _, credential = self.create(self.dfns)
        self.dfns.auth.deactivate_credential({"credentialUuid": credential["credentialUuid"]})
        self.assertEqual(["PUT", "/auth/credentials/deactivate"], self.signed_payload()[:2])
        for sent in self.recorder.sent:
            self.assertTrue(sent.path.startswith("/behind/a/proxy/auth/"), sent.path)

    def test_a_token_that_nobody_has_does_not_matter_with_a_code(self):
        code = self.dfns.auth.create_credential_code({"expiration": demo.in_a_minute()})["code"]
        stranger = self.client(token="none", base=self.recorder.base)
        body = {"code": code, "credentialKind": "Key"}
        challenge = stranger.auth.create_credential_challenge_with_code(body)
        stranger.auth.create_credential_with_code(demo.NewKey().answer(challenge))
        for step in ("init", "verify"):
            sent = self.sent("POST", f"/auth/credentials/code/{step}")
            self.assertEqual("Bearer none", sent.headers["authorization"])

    def test_a_signature_by_a_key_may_name_the_origin_of_somebody_else(self):
        # The signer names the vendor's origin unless told otherwise. A key has no origin.
        self.create(self.dfns)
        answer = json.loads(self.sent("POST", "/auth/action").body)
        client_data = answer["firstFactor"]["credentialAssertion"]["clientData"]
        client_data = json.loads(base64.urlsafe_b64decode(client_data + "=="))
        self.assertEqual("https://app.dfns.io", client_data["origin"])

    def test_a_refusal_arrives_with_its_message_its_status_and_its_code(self):
        with self.assertRaises(DfnsError) as refused:
            self.client(token="none", base=self.recorder.base).auth.list_credentials()
        error = refused.exception
        self.assertEqual(401, error.status_code)
        self.assertNotIn(error.message, ("", "Unknown error"))
        self.assertTrue(error.error_code)


if __name__ == "__main__":
    unittest.main()
