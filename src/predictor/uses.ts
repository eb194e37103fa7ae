// Counts the requests that use a model, so that it is unloaded only after the last of them.

export class Uses {
  #count = 0;
  #onIdle: (() => void)[] = [];

  /** Counts one use. The function that is returned ends it. */
  begin(): () => void {
    this.#count++;
    return () => {
      if (--this.#count > 0) return;
      for (const resolve of this.#onIdle.splice(0)) resolve();
    };
  }

  /** Resolves when every use has ended. */
  async ended(): Promise<void> {
    if (this.#count > 0) await new Promise<void>(resolve => this.#onIdle.push(resolve));
  }
}
