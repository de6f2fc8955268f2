// What goes over the wire, as `src/openapi.json` has it. Types alone: no browser loads this file.

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

/** What register answers. With an approval the credential is not stored yet: its owner is asked. */
export interface Registration extends Credential {
  enrolmentId: string;
  approval?: Approval;
}

export interface Approval {
  expiration: string;
  /** Six digits, for the owner to type. */
  checkCode?: string;
  /** What `outcome` is asked with. */
  token: string;
}

export interface MintedCode {
  code: string;
  expiration: string;
  enrolmentId: string;
}

/** What a code bought, or a signed-in user began. */
export interface Challenge {
  kind: Kind;
  challenge: string;
  challengeIdentifier: string;
  user: { id: string; name: string; displayName: string };
  rp: { id: string; name: string };
  /** The browser's options, for a passkey. */
  publicKey?: PublicKeyCredentialCreationOptionsJSON;
}

/** What proves that a new credential is there. */
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
  /** Of this stage. */
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

/** What is to be signed before a request is sent. */
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

/** What every method takes last. */
export interface Options {
  signal?: AbortSignal | undefined;
  /** How long the answer may take, in milliseconds. */
  patience?: number;
}
