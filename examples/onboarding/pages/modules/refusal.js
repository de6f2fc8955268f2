// The one error of these modules.

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
  constructor(code, message, { status = 0, retryAfter = 0, stage, cause } = {}) {
    super(message, { cause });
    this.name = 'Refusal';
    this.code = code;
    /** Zero if there was no answer. */
    this.status = status;
    /** Seconds to wait before another attempt. */
    this.retryAfter = retryAfter;
    /** The stage of the enrolment, if that is the reason. */
    this.stage = stage;
  }

  /**
   * Whether the server looked at the request. If not, the request may still have been carried out.
   */
  get isAnswer() {
    return this.status > 0 && this.status < 500 && ![408, 429].includes(this.status);
  }
}
