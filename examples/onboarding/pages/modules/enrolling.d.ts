/** @param {{ client: Client, forget?: typeof forgetPasskey }} parts */
export function createEnrolling({ client, forget }: {
    client: Client;
    forget?: typeof forgetPasskey;
}): {
    state: () => EnrollingState;
    subscribe: (listener: (state: EnrollingState) => void) => () => undefined;
    enter: (code: string, kind: Kind) => Promise<void>;
    make: (name: string, how: Make) => Promise<void>;
    startOver: () => void;
    millisecondsLeft: () => number;
};
export type EnrollingState = {
    stage: "entering" | "exchanging" | "challenged" | "making" | "registering" | "pending" | "added" | "refused";
    /**
     * The challenge that the code bought, with its user and its site.
     */
    challenge?: Challenge | undefined;
    /**
     * From pending on. Its `approval` has the number to show, and says until when.
     */
    credential?: Registration | undefined;
    /**
     * The owner's answer, other than yes.
     */
    outcome?: Stage | "lapsed" | undefined;
    /**
     * Why it did not go on.
     */
    error?: unknown;
    /**
     * The proof is kept, to be sent again unchanged.
     */
    isHeld: boolean;
    /**
     * A request stayed without a proper answer, so it may have been carried out.
     */
    isUncertain: boolean;
    /**
     * An abandoned attempt added this after all.
     */
    late?: {
        challenge: Challenge;
        credential: Registration;
    } | undefined;
};
export type Attempt = {
    /**
     * Closes the browser's dialog when somebody starts over.
     */
    ending: AbortController;
    challenge?: Challenge | undefined;
    /**
     * Kept, so that a lost answer is sent again and not made again.
     */
    proof?: Proof | undefined;
    isUncertain: boolean;
};
export type Make = (challenge: Challenge, options: Options) => Promise<Proof>;
import type { Client } from './client.js';
import { forgetPasskey } from './passkeys.js';
import type { Kind } from './wire.js';
import type { Challenge } from './wire.js';
import type { Registration } from './wire.js';
import type { Stage } from './wire.js';
import type { Proof } from './wire.js';
import type { Options } from './wire.js';
