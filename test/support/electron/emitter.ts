// An event emitter that knows its events by name, so that listening for one that does not exist is an error of types.
import { EventEmitter } from 'node:events';

export class Emitter<Events extends { [N in keyof Events]: unknown[] }> {
  readonly #emitter = new EventEmitter();

  on<N extends keyof Events & string>(name: N, listener: (...args: Events[N]) => void): this {
    this.#emitter.on(name, listener as (...args: unknown[]) => void);
    return this;
  }

  once<N extends keyof Events & string>(name: N, listener: (...args: Events[N]) => void): this {
    this.#emitter.once(name, listener as (...args: unknown[]) => void);
    return this;
  }

  off<N extends keyof Events & string>(name: N, listener: (...args: Events[N]) => void): this {
    this.#emitter.off(name, listener as (...args: unknown[]) => void);
    return this;
  }

  emit<N extends keyof Events & string>(name: N, ...args: Events[N]): boolean {
    return this.#emitter.emit(name, ...args);
  }

  listenerCount(name: keyof Events & string): number {
    return this.#emitter.listenerCount(name);
  }
}

/** Electron's event: a listener may keep what comes after it from happening. */
export class PreventableEvent {
  defaultPrevented = false;
  preventDefault(): void {
    this.defaultPrevented = true;
  }
}
