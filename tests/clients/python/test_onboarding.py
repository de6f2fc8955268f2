"""The published SDK, unmodified, against the example server.

Mint, exchange, register, and sign with what was registered.
"""

import time
import unittest
from datetime import datetime, timedelta, timezone

import demo
from dfns_sdk import DfnsError

CODE = r"\A[A-Z2-9]{3}-[A-Z2-9]{3}-[A-Z2-9]{3}\Z"


class Onboarding(demo.TestCase):
    def mint(self, dfns):
        return dfns.auth.create_credential_code({"expiration": demo.in_a_minute()})["code"]

    def stranger(self):
        """Returns a client of the SDK. It needs a token, but a new device has none of the user's."""
        return self.client(token="none")

    def exchange(self, code):
        return self.stranger().auth.create_credential_challenge_with_code({"code": code, "credentialKind": "Key"})

    def test_a_key_is_registered_with_a_code_and_then_signs_an_action_itself(self):
        for kind in demo.KINDS_OF_KEY:
            with self.subTest(kind):
                code = self.mint(self.seeded())
                self.assertRegex(code, CODE)
                challenge = self.exchange(code)
                self.assertEqual(("Key", self.setup["rpId"]), (challenge["kind"], challenge["rp"]["id"]))
                key = demo.NewKey(kind)
                credential = self.stranger().auth.create_credential_with_code(key.answer(challenge))
                self.assertTrue(credential["isActive"])
                self.assertEqual(credential["credentialId"], self.listed(self.client(), credential)["credentialId"])
                self.assertRegex(self.mint(self.client(key.signer())), CODE)

    def test_a_code_is_spent_by_its_first_exchange_and_says_no_more_than_that_it_does_not_work(self):
        code = self.mint(self.seeded())
        self.exchange(code)
        with self.assertRaises(DfnsError) as refused:
            self.exchange(code)
        self.assertEqual(403, refused.exception.status_code)
        self.assertRegex(refused.exception.message, "code does not work")

    def test_an_expiration_is_a_text_of_python_or_a_number_of_seconds(self):
        auth = self.seeded().auth
        text = datetime.now(timezone.utc).replace(microsecond=123456) + timedelta(seconds=30)
        self.assertRegex(text.isoformat(), r"\.123456\+00:00\Z")
        for expiration in (text.isoformat(), int(time.time()) + 30):
            with self.subTest(expiration):
                self.assertRegex(auth.create_credential_code({"expiration": expiration})["code"], CODE)

    def test_the_delegated_client_mints_in_two_steps(self):
        auth = self.delegated().auth
        body = {"expiration": demo.in_a_minute()}
        challenge = auth.create_credential_code_init(body)
        code = auth.create_credential_code_complete(body, demo.signed(challenge, self.seeded_signer()))["code"]
        self.assertEqual("Key", self.exchange(code)["kind"])


if __name__ == "__main__":
    unittest.main()
