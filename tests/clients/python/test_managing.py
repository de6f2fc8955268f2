"""The published SDK, unmodified, against the example server: a user's own credentials."""

import unittest

import demo
from dfns_sdk import DfnsError

SUCCESS = {"message": "success"}


class Managing(demo.TestCase):
    def test_a_signed_in_user_adds_a_key_without_a_code_which_then_signs_itself(self):
        for kind in demo.KINDS_OF_KEY:
            with self.subTest(kind):
                dfns = self.seeded()
                key, credential = self.create(dfns, kind=kind)
                self.assertEqual(credential, self.listed(dfns, credential))
                self.assertTrue(credential["isActive"])
                self.create(self.client(key.signer()))

    def test_the_list_has_nine_members_of_each_credential_and_none_is_null(self):
        dfns = self.seeded()
        self.create(dfns)
        answer = dfns.auth.list_credentials()
        self.assertEqual(["items"], list(answer))
        members = {
            "kind", "credentialId", "credentialUuid", "dateCreated", "isActive",
            "name", "publicKey", "relyingPartyId", "origin",
        }  # fmt: skip
        for credential in answer["items"]:
            self.assertEqual(members, set(credential))
            self.assertNotIn(None, credential.values())

    def test_a_deactivated_key_signs_nothing_until_it_is_activated(self):
        dfns = self.seeded()
        key, credential = self.create(dfns)
        own = self.client(key.signer())
        uuid = {"credentialUuid": credential["credentialUuid"]}
        # A change that was already made is answered like the first.
        for _ in range(2):
            self.assertEqual(SUCCESS, dfns.auth.deactivate_credential(uuid))
            self.assertFalse(self.listed(dfns, credential)["isActive"])
        # It can't even sign its own activation.
        self.assert_signs_nothing(lambda: own.auth.activate_credential(uuid))
        for _ in range(2):
            self.assertEqual(SUCCESS, dfns.auth.activate_credential(uuid))
            self.assertTrue(self.listed(dfns, credential)["isActive"])
        self.create(own)

    def test_a_deleted_key_is_listed_no_more_and_signs_nothing(self):
        dfns = self.seeded()
        key, credential = self.create(dfns)
        self.assertEqual({}, dfns.auth.delete_credential(credential["credentialUuid"]))
        self.assertIsNone(self.listed(dfns, credential))
        own = self.client(key.signer())
        self.assert_signs_nothing(lambda: self.create(own))

    def assert_signs_nothing(self, act):
        # The signer of this SDK signs with any key, whatever the challenge allows.
        with self.assertRaises(DfnsError) as refused:
            act()
        self.assertEqual((400, "invalid_assertion"), (refused.exception.status_code, refused.exception.error_code))

    def test_a_credential_that_is_gone_is_not_found(self):
        dfns = self.seeded()
        _, credential = self.create(dfns)
        dfns.auth.delete_credential(credential["credentialUuid"])
        self.assert_not_found(dfns, credential)

    def test_a_user_neither_sees_nor_changes_a_credential_of_another_one(self):
        second = self.setup["second"]
        signer = demo.KeySigner(second["credId"], second["privateKey"])
        dfns, other = self.seeded(), self.client(signer, token=second["token"])
        _, credential = self.create(dfns)
        self.assertIsNone(self.listed(other, credential))
        self.assert_not_found(other, credential)
        self.assertTrue(self.listed(dfns, credential)["isActive"])

    def assert_not_found(self, dfns, credential):
        uuid = credential["credentialUuid"]
        for change in [
            lambda: dfns.auth.deactivate_credential({"credentialUuid": uuid}),
            lambda: dfns.auth.activate_credential({"credentialUuid": uuid}),
            lambda: dfns.auth.delete_credential(uuid),
        ]:
            with self.assertRaises(DfnsError) as refused:
                change()
            self.assertEqual((404, "not_found"), (refused.exception.status_code, refused.exception.error_code))

    def test_the_delegated_client_does_the_same_each_change_in_two_steps(self):
        auth, signer = self.delegated().auth, self.seeded_signer()
        body = demo.NewKey().answer(auth.create_credential_challenge({"kind": "Key"}))
        challenge = auth.create_credential_init(body)
        credential = auth.create_credential_complete(body, demo.signed(challenge, signer))
        dfns, uuid = self.client(), credential["credentialUuid"]
        self.assertTrue(self.listed(dfns, credential)["isActive"])

        body = {"credentialUuid": uuid}
        challenge = auth.deactivate_credential_init(body)
        self.assertTrue(self.listed(dfns, credential)["isActive"], "the first step changes nothing")
        self.assertEqual(SUCCESS, auth.deactivate_credential_complete(body, demo.signed(challenge, signer)))
        self.assertFalse(self.listed(dfns, credential)["isActive"])

        challenge = auth.activate_credential_init(body)
        self.assertEqual(SUCCESS, auth.activate_credential_complete(body, demo.signed(challenge, signer)))
        self.assertTrue(self.listed(dfns, credential)["isActive"])

        challenge = auth.delete_credential_init(uuid)
        self.assertEqual({}, auth.delete_credential_complete(uuid, demo.signed(challenge, signer)))
        self.assertIsNone(self.listed(dfns, credential))

    def test_what_was_signed_for_one_credential_changes_no_other(self):
        dfns, auth, signer = self.seeded(), self.delegated().auth, self.seeded_signer()
        one, other = self.create(dfns)[1], self.create(dfns)[1]
        uuid, elsewhere = one["credentialUuid"], other["credentialUuid"]
        challenge = auth.deactivate_credential_init({"credentialUuid": uuid})
        with self.assertRaises(DfnsError) as refused:
            auth.deactivate_credential_complete({"credentialUuid": elsewhere}, demo.signed(challenge, signer))
        self.assertEqual(403, refused.exception.status_code)
        challenge = auth.delete_credential_init(uuid)
        with self.assertRaises(DfnsError) as refused:
            auth.delete_credential_complete(elsewhere, demo.signed(challenge, signer))
        self.assertEqual(403, refused.exception.status_code)
        for credential in (one, other):
            self.assertTrue(self.listed(dfns, credential)["isActive"])


if __name__ == "__main__":
    unittest.main()
