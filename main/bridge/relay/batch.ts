// The requests of one batch (2025-03-26) go on together or not at all: nothing of it is sent while one is not let through.
import { notAlone } from '../refused.ts';

export class Batch {
  #undecided: number;
  #oneRefused = false;
  #decide: (go: boolean) => void = () => {};
  readonly #decided: Promise<boolean>;

  constructor(requests: number) {
    this.#undecided = requests;
    this.#decided = new Promise((resolve) => (this.#decide = resolve));
  }

  /** One of its requests is let through, or needs no server: resolves when all have been decided on. @throws tool_refused */
  async letThrough(): Promise<void> {
    this.#settle();
    if (await this.#decided) return;
    throw notAlone();
  }

  refuse(): void {
    this.#oneRefused = true;
    this.#settle();
  }

  #settle(): void {
    this.#undecided -= 1;
    if (this.#undecided <= 0) this.#decide(!this.#oneRefused);
  }
}
