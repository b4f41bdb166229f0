// Started a second time: asks the broker that runs to show itself, whichever host it has, and leaves.
import { setTimeout as delay } from 'node:timers/promises';
import { connectControl } from '../control/client.ts';
import { isTokentrayError } from '../errors.ts';
import { openLink } from './links.ts';

const patienceMs = 15_000;
const pauseMs = 200;

/** @throws broker_not_running when it holds the claim and does not answer; what the other broker throws */
export async function showRunning(controlSocket: string): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const connection = connectControl(controlSocket);
    try {
      const shown = await connection.client.script.openUi({});
      // A broker without a window of its own gives a browser's link.
      if (shown.kind === 'link') await openLink(new URL(shown.link));
      return;
    } catch (error) {
      // It has claimed the socket and does not listen yet.
      if (!isTokentrayError(error, 'broker_not_running') || Date.now() > until) throw error;
      await delay(pauseMs);
    } finally {
      await connection.close();
    }
  }
}
