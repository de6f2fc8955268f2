/** @param {ClientOptions} [options] */
export function createClient({ baseUrl, mount, fetch, signal: whole, headers, credentials, sign, stepUp, patience, }?: ClientOptions): {
    serverNow: () => number;
    send: (method: string, path: string, body?: unknown, { signal, headers: more, patience: longest }?: Options & {
        headers?: Record<string, string>;
    }) => Promise<any>;
    signed: (method: string, path: string, body?: unknown, options?: Options) => Promise<any>;
    beginAction: (method: string, path: string, payload: string, options?: Options) => Promise<ActionChallenge>;
    completeAction: (challenge: ActionChallenge, firstFactor: Factor, options?: Options) => Promise<{
        userAction: string;
    }>;
    mint(life?: {
        lifetime?: number;
    }, options?: Options): Promise<MintedCode>;
    /**
     * Spends the code. The challenge that it buys can be answered for five minutes.
     *
     * @type {(code: string, kind: Kind, options?: Options) => Promise<Challenge>}
     */
    exchange: (code: string, kind: Kind, options?: Options) => Promise<Challenge>;
    /**
     * Hands in the proof, and returns the credential.
     *
     * @type {(challenge: Challenge, name: string, proof: Proof, options?: Options) => Promise<Registration>}
     */
    register: (challenge: Challenge, name: string, proof: Proof, options?: Options) => Promise<Registration>;
    /**
     * Says what became of a credential that waits for approval. With `after` it waits until that
     * changes.
     *
     * @type {(token: string, after?: Stage, options?: Options) => Promise<Outcome>}
     */
    outcome: (token: string, after?: Stage, options?: Options) => Promise<Outcome>;
    /**
     * Returns the enrolments that are outstanding, or ended within the hour, newest first.
     *
     * @type {(options?: Options) => Promise<Enrolment[]>}
     */
    enrolments: (options?: Options) => Promise<Enrolment[]>;
    /** @type {(id: string, options?: Options) => Promise<Enrolment>} */
    enrolment: (id: string, options?: Options) => Promise<Enrolment>;
    /**
     * Waits until the stage is no longer `after`, or for a while.
     *
     * @type {(id: string, after: Stage, options?: Options) => Promise<Enrolment>}
     */
    news: (id: string, after: Stage, options?: Options) => Promise<Enrolment>;
    /** @type {(id: string, options?: Options) => Promise<Enrolment>} */
    revoke: (id: string, options?: Options) => Promise<Enrolment>;
    /** @type {(id: string, checkCode?: string, options?: Options) => Promise<Credential>} */
    approve: (id: string, checkCode?: string, options?: Options) => Promise<Credential>;
    /** @type {(id: string, options?: Options) => Promise<Enrolment>} */
    refuse: (id: string, options?: Options) => Promise<Enrolment>;
    /**
     * Takes back the credential that the token of a notice names.
     *
     * @type {(token: string, options?: Options) => Promise<{}>}
     */
    undo: (token: string, options?: Options) => Promise<{}>;
    /** @type {(options?: Options) => Promise<Credential[]>} */
    credentials: (options?: Options) => Promise<Credential[]>;
    /**
     * Begins one more credential without a code.
     *
     * @type {(kind: Kind, options?: Options) => Promise<Challenge>}
     */
    begin: (kind: Kind, options?: Options) => Promise<Challenge>;
    /**
     * @type {(challenge: Challenge, name: string, proof: Proof, options?: Options) => Promise<Credential>}
     */
    create: (challenge: Challenge, name: string, proof: Proof, options?: Options) => Promise<Credential>;
    /** @type {(credentialUuid: string, name: string, options?: Options) => Promise<unknown>} */
    rename: (credentialUuid: string, name: string, options?: Options) => Promise<unknown>;
    /** @type {(credentialUuid: string, options?: Options) => Promise<unknown>} */
    activate: (credentialUuid: string, options?: Options) => Promise<unknown>;
    /** @type {(credentialUuid: string, options?: Options) => Promise<unknown>} */
    deactivate: (credentialUuid: string, options?: Options) => Promise<unknown>;
    /** @type {(credentialUuid: string, options?: Options) => Promise<unknown>} */
    remove: (credentialUuid: string, options?: Options) => Promise<unknown>;
};
export type ClientOptions = {
    /**
     * Where the endpoints are, if not on the page's own origin.
     */
    baseUrl?: string | undefined;
    mount?: string | undefined;
    fetch?: typeof fetch | undefined;
    /**
     * Ends everything that this client does.
     */
    signal?: AbortSignal | undefined;
    /**
     * Say who is asking, for example `{ authorization: 'Bearer …' }`.
     */
    headers?: HeadersInit | (() => HeadersInit) | undefined;
    /**
     * As `fetch` takes it: `'omit'` where no cookie says who is asking.
     */
    credentials?: RequestCredentials | undefined;
    /**
     * Signs user actions. Without it they are sent unsigned.
     */
    sign?: Sign | undefined;
    /**
     * Signs the user in anew. The request is then sent once more.
     */
    stepUp?: (() => Promise<unknown>) | undefined;
    /**
     * How long an answer may take, in milliseconds.
     */
    patience?: number | undefined;
};
export type Client = ReturnType<typeof createClient>;
import type { Options } from './wire.js';
import type { ActionChallenge } from './wire.js';
import type { Factor } from './wire.js';
import type { MintedCode } from './wire.js';
import type { Kind } from './wire.js';
import type { Challenge } from './wire.js';
import type { Proof } from './wire.js';
import type { Registration } from './wire.js';
import type { Stage } from './wire.js';
import type { Outcome } from './wire.js';
import type { Enrolment } from './wire.js';
import type { Credential } from './wire.js';
import type { Sign } from './wire.js';
