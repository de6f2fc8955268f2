// The one error of these modules.

/**
 * The server said no, or said nothing.
 *
 * `code` is the server's (`invalid_code`, `too_many_attempts`, …), or `offline` or `timeout` if there was
 * no answer. Then nobody knows whether the request was carried out.
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
    /** Where the enrolment is, if that is why. */
    this.stage = stage;
  }

  /**
   * Whether the server looked at the request. If not, it may have been carried out all the same.
   */
  get isAnswer() {
    return this.status > 0 && this.status < 500 && ![408, 429].includes(this.status);
  }
}
