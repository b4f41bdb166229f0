// Settings: one card a subject, each with an address of its own, the destructive one last.
import { useEffect, useRef, type ReactNode } from 'react';
import { Page, Stack } from '../design/page.tsx';
import { AboutCard } from './about-card.tsx';
import { LockCard } from '../lock/lock-card.tsx';
import { AgentsCard } from './agents-card.tsx';
import { ApprovalsCard } from './approvals-card.tsx';
import { AuditCard } from './audit-card.tsx';
import { BridgeCard } from './bridge-card.tsx';
import { ClearCard } from './clear-card.tsx';
import { NetworkCard } from './network-card.tsx';
import { PauseCard } from './pause-card.tsx';
import { SessionsCard } from './sessions-card.tsx';
import { SignInCard } from './sign-in-card.tsx';
import styles from './settings-screen.module.css';
import { VaultCard } from './vault-card.tsx';

interface Subject {
  readonly part: string;
  readonly label: string;
  readonly card: ReactNode;
}

const subjects: readonly Subject[] = [
  { part: 'access', label: 'Access', card: <PauseCard /> },
  { part: 'lock', label: 'Lock', card: <LockCard /> },
  { part: 'approvals', label: 'Approvals', card: <ApprovalsCard /> },
  { part: 'agents', label: 'Agents', card: <AgentsCard /> },
  { part: 'sign-in', label: 'Sign-in and start', card: <SignInCard /> },
  { part: 'bridge', label: 'Bridge', card: <BridgeCard /> },
  { part: 'vault', label: 'Vault and data', card: <VaultCard /> },
  { part: 'audit', label: 'Audit', card: <AuditCard /> },
  { part: 'network', label: 'Network', card: <NetworkCard /> },
  { part: 'browsers', label: 'Browsers', card: <SessionsCard /> },
  { part: 'about', label: 'About', card: <AboutCard /> },
  { part: 'clear', label: 'Clear everything', card: <ClearCard /> },
];

/** @param part the subject to begin at; null or unknown: the first */
export function SettingsScreen({ part }: { readonly part: string | null }) {
  return (
    <Page title="Settings" narrow>
      <Stack>
        {subjects.map((subject) => (
          <Place key={subject.part} here={subject.part === part} label={subject.label}>
            {subject.card}
          </Place>
        ))}
      </Stack>
    </Page>
  );
}

/** Scrolls to itself when the address names it, and takes the focus, so that keyboards go on from there. */
function Place({
  here,
  label,
  children,
}: {
  readonly here: boolean;
  readonly label: string;
  readonly children: ReactNode;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!here) return;
    place.current?.scrollIntoView({ block: 'start' });
    place.current?.focus({ preventScroll: true });
  }, [here]);
  return (
    <div ref={place} className={styles.place} tabIndex={-1} role="group" aria-label={label}>
      {children}
    </div>
  );
}
