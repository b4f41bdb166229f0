// The control socket's other side for tests: real router and real socket over grants that are made up and can be steered.
import type { Access } from '../../../main/access/access.ts';
import { createChangeFeed } from '../../../main/control/changes.ts';
import type { ControlDeps } from '../../../main/control/deps.ts';
import { createPause } from '../../../main/control/pause.ts';
import { createServers } from '../../../main/control/servers.ts';
import { createSignIns } from '../../../main/control/sign-ins.ts';
import { TokentrayError } from '../../../main/errors.ts';
import type { GrantChange, SignInResult } from '../../../main/grants/types.ts';
import { secret } from '../../../main/secret.ts';
import { createSettings, usualSignIn } from '../../../main/settings/settings.ts';
import { openStore } from '../../../main/store/open.ts';
import type { EventRow, Store } from '../../../main/store/types.ts';
import { createSessions } from '../../../main/ui/sessions.ts';
import { memoryVault } from '../../../main/vault/memory.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { silent } from '../../support/silent.ts';
import { createRealAccess } from './access.ts';
import { theKey, usualAnswers, type Answers } from './answers.ts';
import { createCalls, type Calls } from './calls.ts';
import { createFakeGrants } from './grants.ts';
import { createFakeSignIns } from './sign-in.ts';

export interface FakeBroker extends Pick<Calls, 'calls' | 'called'> {
  /** Real, with guards to ask through. */
  readonly access: Access;
  readonly deps: ControlDeps;
  change(change: GrantChange): void;
  /** Ends the sign-in under way. */
  finishSignIn(outcome: SignInResult | TokentrayError): void;
  /** Replaces one answer. */
  readonly answers: Answers;
  readonly events: EventRow[];
}

const none = () => {
  throw new TokentrayError('internal', 'not in this test');
};

export function fakeBroker(): FakeBroker {
  const { calls, asked, called } = createCalls();
  const answers = usualAnswers();
  const signIns = createFakeSignIns(answers, asked);
  const events: EventRow[] = [];
  const clock = createFakeClock(1_700_000_000_000);
  const real = openStore({ file: ':memory:', log: silent, clock }).store;
  const { grants, rows, change } = createFakeGrants({ asked, answers, signIns, real });
  const store: Store = {
    ...real,
    servers: {
      list: () => [...rows.values()],
      get: (name: string) => rows.get(name) ?? null,
      add: none,
      update: none,
      remove: none,
    },
    events: { ...real.events, list: () => events },
  };
  const changes = createChangeFeed();
  const { agents, pins, accounts, access, lock } = createRealAccess({ store, real, clock, grants, changes, events });

  return {
    access,
    calls,
    called,
    answers,
    events,
    change,
    finishSignIn: signIns.finish,
    deps: {
      grants,
      accounts,
      servers: createServers({ grants, changes, signIn: () => usualSignIn(store) }),
      store,
      audit: {
        append: () => undefined,
        page: async () => ({ items: [], next: null }),
        choices: () => store.audit.named(),
        verify: none,
      },
      changes,
      signIns: createSignIns(),
      lock,
      pause: createPause(clock, (pausedSince) => changes.publish({ kind: 'paused', pausedSince })),
      settings: createSettings({
        store,
        loginItem: null,
        bridge: { usual: 18_729, now: () => ({ port: 8427, wanted: 18_729 }), fixedBy: null },
        approvals: null,
        env: {},
        caFiles: [],
        dataFolder: '/nowhere/data',
      }),
      pins,
      access,
      sessions: createSessions(clock, (sessions) => changes.publish({ kind: 'sessions', sessions })),
      demo: { state: () => ({ kind: 'off' }), start: none, stop: async () => ({ kind: 'off' }) },
      catalogue: [],
      licences: () => [],
      shim: ['tokentray', 'stdio'],
      openUi: async () => ({ kind: 'link', link: 'http://127.0.0.1:18730/open/once' }),
      clock,
      agents: {
        ...agents,
        add: (...words) => ({ ...agents.add(...words), key: secret(theKey) }),
        rotate: (agent) => ({ ...agents.rotate(agent), key: secret(theKey) }),
      },
      startedBy: async () => answers.startedBy,
      vault: { ...memoryVault(), reason: 'There is no keychain.' },
      bridge: { url: 'http://127.0.0.1:8427', port: 8427, onPreferredPort: true },
      diagnose: async (url) => ({
        url,
        steps: [
          { name: 'resource metadata', verdict: 'ok', detail: 'found', section: 'RFC 9728 section 3.1' },
          { name: 'revocation', verdict: 'missing', detail: 'no endpoint', section: 'RFC 7009 section 2' },
        ],
      }),
      version: '0.1.0',
      startedAt: 1_700_000_000_000,
      dataFolder: '/nowhere/data',
      databaseSetAside: null,
      log: silent,
    },
  };
}
