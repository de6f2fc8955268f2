// The bodies on the wire, as `src/openapi.json` describes them. Only types: no browser loads this file.

/** The kinds of credentials that these modules make. */
export type Kind = 'Fido2' | 'RecoveryKey' | 'PasswordProtectedKey' | 'Key';

export type Stage =
  | 'waiting'
  | 'opened'
  | 'pending'
  | 'added'
  | 'refused'
  | 'expired'
  | 'revoked'
  | 'undone';

export interface Credential {
  kind: Kind;
  credentialId: string;
  credentialUuid: string;
  dateCreated: string;
  isActive: boolean;
  name: string;
  publicKey: string;
  relyingPartyId: string;
  origin: string;
}

/** The answer of register. With an approval the credential is not stored yet, and its owner is asked. */
export interface Registration extends Credential {
  enrolmentId: string;
  approval?: Approval;
}

export interface Approval {
  expiration: string;
  /** Six digits, for the owner to type. */
  checkCode?: string;
  /** The token for `outcome`. */
  token: string;
}

export interface MintedCode {
  code: string;
  expiration: string;
  enrolmentId: string;
}

/** The challenge that a code bought, or that a signed-in user began. */
export interface Challenge {
  kind: Kind;
  challenge: string;
  challengeIdentifier: string;
  user: { id: string; name: string; displayName: string };
  rp: { id: string; name: string };
  /** The browser's options, for a passkey. */
  publicKey?: PublicKeyCredentialCreationOptionsJSON;
}

/** The proof that a new credential is there. */
export interface Proof {
  credentialInfo: {
    credId: string;
    clientData: string;
    attestationData: string;
    transports?: string[];
    credProps?: { rk?: boolean };
  };
  /** For a key that a secret of the person's opens. */
  encryptedPrivateKey?: string;
}

/** Everything that one code begins. */
export interface Enrolment {
  id: string;
  stage: Stage;
  dateCreated: string;
  /** The end of this stage. */
  expiration: string;
  kind?: Kind;
  relyingPartyId?: string;
  origin?: string;
  credential?: Credential;
  opened?: { dateCreated: string; source?: string; place?: string };
  checkCodeAsked?: boolean;
  attemptsLeft?: number;
}

export interface Outcome {
  stage: Stage;
  expiration: string;
}

/** The challenge to sign before a request is sent. */
export interface ActionChallenge {
  challenge: string;
  challengeIdentifier: string;
  rp: { id: string; name: string };
  userVerification: UserVerificationRequirement;
  allowCredentials: {
    key: { id: string }[];
    passwordProtectedKey: { id: string; encryptedPrivateKey?: string }[];
    webauthn: PublicKeyCredentialDescriptorJSON[];
  };
}

/** The signature by an existing credential. */
export interface Factor {
  kind: 'Fido2' | 'Key' | 'PasswordProtectedKey';
  credentialAssertion: {
    credId: string;
    clientData: string;
    signature: string;
    authenticatorData?: string;
    userHandle?: string;
  };
}

/** Signs a user action. */
export type Sign = (challenge: ActionChallenge, options?: Options) => Promise<Factor>;

/** The last parameter of every method. */
export interface Options {
  signal?: AbortSignal | undefined;
  /** How long the answer may take, in milliseconds. */
  patience?: number;
}
