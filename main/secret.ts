// A value that must not be printed: every way of turning it into text gives `[secret]`; only `reveal()` gives it out.
import { inspect } from 'node:util';

const printed = '[secret]';

/** Wraps a token, a client secret or a key from the moment it is read until the moment it is sent. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it only where it leaves for the vault or for the wire. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return printed;
  }

  toJSON(): string {
    return printed;
  }

  [Symbol.toPrimitive](): string {
    return printed;
  }

  [inspect.custom](): string {
    return printed;
  }
}

export const secret = (value: string): Secret => new Secret(value);
