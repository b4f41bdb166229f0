// The browsers that may use this broker, each of which can be shut out.
import { useEffect, useState } from 'react';
import type { BrowserSession } from '../../preload/contract.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import { plainText } from '../words/names.ts';
import { browserWords } from './browser-words.ts';
import styles from './rows.module.css';

export function SessionsCard() {
  const sessions = useKnown()?.sessions ?? [];
  const current = useCurrent(sessions.length);
  const [ending, setEnding] = useState<BrowserSession | null>(null);
  return (
    <>
      <Card
        title="Browsers"
        {...(sessions.length > 0 && {
          about: 'Each was let in by a one-time link. They end with the broker at the latest.',
        })}
        flush={sessions.length > 0}
      >
        {sessions.length === 0 ? (
          <p className={styles.soft}>
            No browser is let in. <code>tokentray ui</code> makes a link that lets one in, once.
          </p>
        ) : (
          <ul className={styles.list}>
            {sessions.map((session) => (
              <li key={session.id} className={styles.row}>
                <div className={styles.words}>
                  <div className={styles.name}>
                    <span className={styles.cut} title={plainText(session.browser)}>
                      <bdi>{plainText(browserWords(session.browser), 200)}</bdi>
                    </span>
                    {session.id === current && <Badge tone="fine">this one</Badge>}
                  </div>
                  <p className={styles.small}>
                    Let in <RelativeTime at={session.openedAt} />, last used <RelativeTime at={session.lastUsedAt} />
                  </p>
                </div>
                <Button look="danger" size="small" onClick={() => setEnding(session)}>
                  {session.id === current ? 'Sign out' : 'Shut out'}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <EndSession session={ending} own={ending !== null && ending.id === current} onClose={() => setEnding(null)} />
    </>
  );
}

interface EndSessionProps {
  readonly session: BrowserSession | null;
  readonly own: boolean;
  readonly onClose: () => void;
}

function EndSession({ session, own, onClose }: EndSessionProps) {
  const client = useClient();
  const call = useCall((signal) => client.sessions.revoke({ id: session?.id ?? '' }, { signal }));
  return (
    <ConfirmDialog
      open={session !== null}
      onClose={() => {
        call.reset();
        onClose();
      }}
      title={own ? 'Sign this browser out?' : 'Shut this browser out?'}
      action={own ? 'Sign out' : 'Shut out'}
      call={call}
      onDone={() => {
        toast('The browser is shut out');
        onClose();
      }}
    >
      <p>
        {own
          ? 'This page stops working at once. To come back, run `tokentray ui` for a new link.'
          : 'Its page stops working at once, and what it has under way ends. Servers and grants stay as they are.'}
      </p>
    </ConfirmDialog>
  );
}

/** Which of them is this one; asked again when one comes or goes. */
function useCurrent(count: number): string | null {
  const client = useClient();
  const [current, setCurrent] = useState<string | null>(null);
  useEffect(() => {
    const own = new AbortController();
    client.sessions.list({}, { signal: own.signal }).then(
      (answer) => setCurrent(answer.current),
      // Only the mark is missing then; the list itself comes with the model.
      () => undefined,
    );
    return () => own.abort();
  }, [client, count]);
  return current;
}
