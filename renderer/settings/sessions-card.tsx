// The browsers that may use this broker, each of which can be shut out.
import { useEffect, useState } from 'react';
import type { BrowserSession } from '../../preload/contract.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { RelativeTime } from '../design/relative-time.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown, useModel } from '../store/context.tsx';
import { plainText } from '../words/names.ts';
import { browserWords } from './browser-words.ts';
import styles from './rows.module.css';

export function SessionsCard() {
  const sessions = useKnown()?.sessions ?? [];
  const own = useOwnSession(sessions.length);
  const [ending, setEnding] = useState<BrowserSession | null>(null);
  return (
    <>
      <Card
        title="Browsers"
        about={
          sessions.length > 0 ? (
            'Each was let in by a one-time link. They end with the broker at the latest.'
          ) : (
            <>
              No browser is let in. <code>tokentray ui</code> makes a link that lets one in, once.
            </>
          )
        }
        flush
      >
        {sessions.length === 0 ? undefined : (
          <Rows>
            {sessions.map((session) => (
              <Row
                key={session.id}
                title={
                  <>
                    <span className={styles.cut} title={plainText(session.browser)}>
                      <bdi>{plainText(browserWords(session.browser), 200)}</bdi>
                    </span>
                    {isOwn(session, own) && <Badge tone="fine">this one</Badge>}
                  </>
                }
                about={
                  <>
                    Let in <RelativeTime at={session.openedAt} />, last used <RelativeTime at={session.lastUsedAt} />
                  </>
                }
                actions={
                  // What the button does to this very page has to be known before it can be pressed.
                  own.kind === 'known' && (
                    <Button look="danger" size="small" onClick={() => setEnding(session)}>
                      {isOwn(session, own) ? 'Sign out' : 'Shut out'}
                    </Button>
                  )
                }
              />
            ))}
          </Rows>
        )}
      </Card>
      <EndSession session={ending} own={own} onClose={() => setEnding(null)} />
    </>
  );
}

interface EndSessionProps {
  readonly session: BrowserSession | null;
  readonly own: OwnSession;
  readonly onClose: () => void;
}

function EndSession({ session, own, onClose }: EndSessionProps) {
  const client = useClient();
  const call = useCall((signal) => client.sessions.revoke({ id: session?.id ?? '' }, { signal }));
  const shown = useShown(session);
  const signsOut = shown !== null && isOwn(shown, own);
  return (
    <ConfirmDialog
      open={session !== null}
      onClose={() => {
        call.reset();
        onClose();
      }}
      title={signsOut ? 'Sign this browser out?' : 'Shut this browser out?'}
      action={signsOut ? 'Sign out' : 'Shut out'}
      call={call}
      onDone={() => {
        toast(signsOut ? 'This browser is signed out' : 'The browser is shut out');
        onClose();
      }}
    >
      <p>
        {signsOut ? (
          <>
            This page stops working at once. To come back, run <code>tokentray ui</code> for a new link.
          </>
        ) : (
          'Its page stops working at once, and what it has under way ends. Servers and grants stay as they are.'
        )}
      </p>
    </ConfirmDialog>
  );
}

type OwnSession =
  | { readonly kind: 'asking' }
  /** Null: this window has none, it is no browser's. */
  | { readonly kind: 'known'; readonly id: string | null };

const isOwn = (session: BrowserSession, own: OwnSession): boolean => own.kind === 'known' && own.id === session.id;

/** Which of them is this one; asked again when one comes or goes, and when the broker is back. */
function useOwnSession(count: number): OwnSession {
  const client = useClient();
  const link = useModel((model) => model.link.kind);
  const [own, setOwn] = useState<OwnSession>({ kind: 'asking' });
  useEffect(() => {
    if (link !== 'live') return undefined;
    const asking = new AbortController();
    client.sessions.list({}, { signal: asking.signal }).then(
      (answer) => setOwn({ kind: 'known', id: answer.current }),
      // The list itself comes with the model; its buttons come with the next answer.
      () => undefined,
    );
    return () => asking.abort();
  }, [client, count, link]);
  return own;
}
