/**
 * The server refused, or did not answer.
 *
 * `code` is the server's (`invalid_code`, `too_many_attempts`, …), or `offline` or `timeout` if
 * there was no answer. Then nobody knows whether the request was carried out.
 */
export class Refusal extends Error {
    /**
     * @param {string} code
     * @param {string} message For developers.
     * @param {{ status?: number, retryAfter?: number, stage?: import('./wire.js').Stage, cause?: unknown }} [more]
     */
    constructor(code: string, message: string, { status, retryAfter, stage, cause }?: {
        status?: number;
        retryAfter?: number;
        stage?: import("./wire.js").Stage;
        cause?: unknown;
    });
    code: string;
    /** Zero if there was no answer. */
    status: number;
    /** Seconds to wait before another attempt. */
    retryAfter: number;
    /** The stage of the enrolment, if that is the reason. */
    stage: import("./wire.js").Stage | undefined;
    /**
     * Whether the server looked at the request. If not, the request may still have been carried out.
     */
    get isAnswer(): boolean;
}
