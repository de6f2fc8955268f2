/** @param {OwnerOptions} options */
export function createOwner({ client, listCredentials, interval }: OwnerOptions): {
    state: () => OwnerState;
    subscribe: (listener: (state: OwnerState) => void) => () => undefined;
    look: () => Promise<void>;
    /** Looks again and again, until `stop`. */
    start(): Promise<void>;
    stop: () => void | undefined;
    /**
     * Makes a code, and returns its enrolment's id.
     *
     * @param {{ lifetime?: number, signal?: AbortSignal }} [options]
     */
    mint({ lifetime, signal }?: {
        lifetime?: number;
        signal?: AbortSignal;
    }): Promise<string>;
    /**
     * Returns how long the stage of an enrolment lasts. Setting a clock does not change it.
     *
     * @param {string} id
     */
    millisecondsLeft(id: string): number;
    /**
     * Says yes. Rejects for a wrong check code. The state then has the number of tries that are
     * left.
     *
     * @param {string} id
     * @param {string} [checkCode]
     */
    approve(id: string, checkCode?: string): Promise<void>;
    /**
     * Says no, to a credential that was made or to a client that is about to make it.
     *
     * @param {string} id
     * @returns {Promise<Enrolment>}
     */
    refuse: (id: string) => Promise<Enrolment>;
    /** Ends it, at each stage. @param {string} id @returns {Promise<Enrolment>} */
    revoke: (id: string) => Promise<Enrolment>;
    /** Ends everything that is outstanding. */
    revokeAll(): Promise<Enrolment[]>;
    rename: (credentialUuid: string, name: string, options?: Options | undefined) => Promise<void>;
    activate: (credentialUuid: string, options?: Options | undefined) => Promise<void>;
    deactivate: (credentialUuid: string, options?: Options | undefined) => Promise<void>;
    remove: (credentialUuid: string, options?: Options | undefined) => Promise<void>;
};
/**
 * @import { Client } from './client.js'
 * @import { Credential, Enrolment, Options, Stage } from './wire.js'
 *
 * @typedef {Enrolment & { code?: string, isForgotten?: true }} Followed With its code, where it was made and
 *   as long as it can be entered. If the server forgot it in the middle, nobody knows its end.
 *
 * @typedef {object} OwnerState
 * @property {boolean} isLoaded
 * @property {boolean} isStale The server is away: both lists are what it said last.
 * @property {unknown} error The reason.
 * @property {Credential[]} credentials Newest first.
 * @property {Followed[]} enrolments Newest first.
 *
 * @typedef {object} OwnerOptions
 * @property {Client} client
 * @property {(options: Options) => Promise<Credential[]>} [listCredentials] Lists them, if a host tells more of each.
 * @property {number} [interval] Between two looks, in milliseconds.
 *
 * @typedef {ReturnType<typeof createOwner>} Owner
 */
/**
 * The stages at which an owner may decide about the client that entered the code.
 *
 * @type {readonly Stage[]}
 */
export const DECIDABLE: readonly Stage[];
/** The stages after which another may come. @type {readonly Stage[]} */
export const OUTSTANDING: readonly Stage[];
/**
 * With its code, where it was made and
 *   as long as it can be entered. If the server forgot it in the middle, nobody knows its end.
 */
export type Followed = Enrolment & {
    code?: string;
    isForgotten?: true;
};
export type OwnerState = {
    isLoaded: boolean;
    /**
     * The server is away: both lists are what it said last.
     */
    isStale: boolean;
    /**
     * The reason.
     */
    error: unknown;
    /**
     * Newest first.
     */
    credentials: Credential[];
    /**
     * Newest first.
     */
    enrolments: Followed[];
};
export type OwnerOptions = {
    client: Client;
    /**
     * Lists them, if a host tells more of each.
     */
    listCredentials?: ((options: Options) => Promise<Credential[]>) | undefined;
    /**
     * Between two looks, in milliseconds.
     */
    interval?: number | undefined;
};
export type Owner = ReturnType<typeof createOwner>;
import type { Enrolment } from './wire.js';
import type { Options } from './wire.js';
import type { Stage } from './wire.js';
import type { Credential } from './wire.js';
import type { Client } from './client.js';
