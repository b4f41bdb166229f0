// How often the browser may open without a person's action (`sign-in: auto`): seldom, and not after a no (DESIGN.md rule 10).

const mostTabs = 3;
const windowMs = 10 * 60_000;

export interface BrowserBudget {
  /** Whether one more tab may open by itself now; if so it is counted. */
  spend(): boolean;
  /** A sign-in that opened by itself failed or was declined: nothing more opens until a person acts. */
  declined(): void;
  /** A person acted: they are there and want this. */
  personActed(): void;
}

export function browserBudget(now: () => number): BrowserBudget {
  let opened: number[] = [];
  let refused = false;
  return {
    spend() {
      opened = opened.filter((at) => now() - at < windowMs);
      if (refused || opened.length >= mostTabs) return false;
      opened.push(now());
      return true;
    },
    declined() {
      refused = true;
    },
    personActed() {
      opened = [];
      refused = false;
    },
  };
}
