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
     * What the code bought: for whom, and for which site.
     */
    challenge?: Challenge | undefined;
    /**
     * From pending on. Its `approval` has the number to show, and says until when.
     */
    credential?: Registration | undefined;
    /**
     * What the owner said, other than yes.
     */
    outcome?: Stage | "lapsed" | undefined;
    /**
     * Why it did not go on.
     */
    error?: unknown;
    /**
     * What was made is kept, to be sent again as it is.
     */
    isHeld: boolean;
    /**
     * A request stayed without a proper answer, so it may have been carried out.
     */
    isUncertain: boolean;
    /**
     * What an attempt that was given up added after all.
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
     * An answer that got lost is sent again, and not made again.
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
