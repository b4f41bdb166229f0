// The settings' part of the contract, carried out: what the person chose holds at once, and whoever watches learns of it.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { contract } from '../../preload/contract.ts';
import type { ControlDeps } from './deps.ts';
import { present } from './implement.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';

/** @param os the implementer of `contract.settings`, with whatever stands around every procedure */
export function createSettingsRouter(
  os: ImplementerInternalWithMiddlewares<typeof contract.settings, CallContext, CallContext>,
  deps: Pick<ControlDeps, 'settings' | 'lock' | 'access' | 'pins' | 'store' | 'clock' | 'changes'>,
  person: PersonOnly,
) {
  const { settings, store, clock, changes } = deps;
  return {
    get: os.get.handler(() => settings.view()),
    set: os.set.handler(async ({ input, context }) => {
      const given = Object.entries(present(input));
      // That the person is asked takes nothing from them. What else there is has its uses for whoever wants to get around them:
      // whoever moves the bridge gets the keys that agents go on sending to its port.
      const isAsking = ([name, value]: (typeof given)[number]): boolean => name === 'approvals' && value === 'ask';
      if (!given.every(isAsking)) await person.always(context, 'change the settings');
      const changed = await settings.set(input);
      if (input.lock !== undefined) deps.lock.look();
      if (input.approvals !== undefined) deps.access.settingChanged();
      if (input.tools !== undefined) deps.pins.settingChanged();
      const values = given.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
      store.events.append({
        at: clock.now(),
        server: null,
        grantId: null,
        kind: 'settings-changed',
        detail: {
          ...(Object.fromEntries(values) as Record<string, string>),
          settings: given.map(([name]) => name).join(' '),
        },
      });
      changes.publish({ kind: 'app-settings', settings: changed });
      return changed;
    }),
  };
}
