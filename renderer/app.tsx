// The shell around every screen: where one can go, how the broker is, and the screen that the address names.
import { useState } from 'react';
import { ActivityScreen } from './activity/activity-screen.tsx';
import { AuditScreen } from './activity/audit-screen.tsx';
import { AgentScreen } from './agents/agent-screen.tsx';
import { AgentsScreen } from './agents/agents-screen.tsx';
import { ApprovalsScreen } from './approvals/approvals-screen.tsx';
import { useComesForward } from './approvals/use-comes-forward.ts';
import { AddScreen } from './add/add-screen.tsx';
import styles from './app.module.css';
import { Banners } from './banners.tsx';
import { classes } from './design/classes.ts';
import { Icon, type IconName } from './design/icons.tsx';
import { Mark } from './design/mark.tsx';
import { shortcuts, useShortcut } from './design/shortcuts.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { LockScreen } from './lock/lock-screen.tsx';
import { PanicReceipt } from './lock/panic-receipt.tsx';
import { Opening } from './opening.tsx';
import { ServerScreen } from './server/server-screen.tsx';
import { ServersScreen } from './servers/servers-screen.tsx';
import { SettingsScreen } from './settings/settings-screen.tsx';
import { useModel } from './store/context.tsx';
import type { Known } from './store/model.ts';
import { go, href, useRoute, type Route } from './store/route.ts';
import { stateTone } from './words/state.ts';

export function App() {
  const route = useRoute();
  const ready = useModel((model) => model.known !== null);
  const shutOut = useModel((model) => model.link.kind === 'shut-out');
  const locked = useModel((model) => model.known?.lock.kind === 'locked');
  const [help, setHelp] = useState(false);
  useComesForward(route);
  useShortcut(shortcuts.servers, () => go({ at: 'servers' }));
  useShortcut(shortcuts.agents, () => go({ at: 'agents' }));
  useShortcut(shortcuts.activity, () => go({ at: 'activity', filter: {} }));
  useShortcut(shortcuts.settings, () => go({ at: 'settings' }));
  useShortcut(shortcuts.add, () => go({ at: 'add' }));
  useShortcut(shortcuts.help, () => setHelp(true));
  if (!ready || shutOut) return <Opening />;
  if (locked) return <LockScreen />;
  return (
    <div className={styles.shell}>
      <Navigation route={route} onHelp={() => setHelp(true)} />
      <div className={styles.side}>
        <Banners route={route} />
        <main className={styles.main}>
          <Screen route={route} />
        </main>
      </div>
      <HelpDialog open={help} onClose={() => setHelp(false)} />
      <PanicReceipt />
    </div>
  );
}

function Screen({ route }: { readonly route: Route }) {
  switch (route.at) {
    case 'servers':
      return <ServersScreen />;
    case 'add':
      return (
        <AddScreen
          key={JSON.stringify([route.name, route.account, route.url])}
          url={route.url ?? null}
          resume={route.name ?? null}
          account={route.account ?? null}
        />
      );
    case 'server':
      return <ServerScreen key={route.server} server={route.server} part={route.part ?? null} />;
    case 'approvals':
      return <ApprovalsScreen key={route.prompt ?? ''} wanted={route.prompt ?? null} />;
    case 'agents':
      return <AgentsScreen />;
    case 'agent':
      return <AgentScreen key={route.id} id={route.id} />;
    case 'activity':
      return <ActivityScreen filter={route.filter} />;
    case 'audit':
      return <AuditScreen filter={route.filter} />;
    case 'settings':
      return <SettingsScreen part={route.part ?? null} />;
  }
}

interface Place {
  readonly label: string;
  readonly icon: IconName;
  readonly route: Route;
  readonly holds: readonly Route['at'][];
}

const places: readonly Place[] = [
  { label: 'Servers', icon: 'servers', route: { at: 'servers' }, holds: ['servers', 'server', 'add'] },
  { label: 'Agents', icon: 'agents', route: { at: 'agents' }, holds: ['agents', 'agent', 'approvals'] },
  { label: 'Activity', icon: 'activity', route: { at: 'activity', filter: {} }, holds: ['activity', 'audit'] },
  { label: 'Settings', icon: 'settings', route: { at: 'settings' }, holds: ['settings'] },
];

function Navigation({ route, onHelp }: { readonly route: Route; readonly onHelp: () => void }) {
  const servers = useModel((model) => serversThatNeedYou(model.known));
  const questions = useModel((model) => model.known?.prompts.length ?? 0);
  const needYou: Partial<Record<Route['at'], number>> = { servers, agents: questions };
  return (
    <nav className={styles.nav} aria-label="Tokentray">
      <p className={styles.brand}>
        <Mark />
        Tokentray
      </p>
      <ul className={styles.places}>
        {places.map(({ label, icon, route: to, holds }) => {
          const current = holds.includes(route.at);
          const count = needYou[to.at] ?? 0;
          return (
            <li key={label}>
              <a
                // Who comes because something waits wants to see what it is.
                href={href(to.at === 'agents' && count > 0 ? { at: 'approvals' } : to)}
                className={classes(styles.place, current && styles.current)}
                aria-current={current ? 'page' : undefined}
              >
                <Icon name={icon} />
                {label}
                {count > 0 && (
                  <span className={styles.count} title={`${count} need you`}>
                    {count}
                    <span className="only-read"> need you</span>
                  </span>
                )}
              </a>
            </li>
          );
        })}
      </ul>
      <BridgeLine />
      <button type="button" className={styles.help} onClick={onHelp}>
        Keyboard <kbd>?</kbd>
      </button>
    </nav>
  );
}

/** Those to sign in to, and those with tools that wait to be looked at. */
function serversThatNeedYou(known: Known | null): number {
  if (known === null) return 0;
  return [...known.servers.values()].filter(
    (view) => stateTone(view.state) === 'needs-you' || known.held.has(view.server),
  ).length;
}

/** Where agents find the bridge: what one looks for when setting up an agent. */
function BridgeLine() {
  const bridge = useModel((model) => model.status?.bridge ?? null);
  const paused = useModel((model) => model.known?.pausedSince != null);
  const live = useModel((model) => model.link.kind === 'live');
  if (bridge === null) return null;
  return (
    <p className={styles.bridge}>
      {!live ? 'Broker not reachable' : paused ? 'Paused' : 'Bridge'}
      <bdi>{bridge.url.replace(/^https?:\/\//u, '')}</bdi>
    </p>
  );
}
