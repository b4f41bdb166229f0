// What ends or forgets: each says first what will happen, and afterwards truly what did.
import { useState } from 'react';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { go } from '../store/route.ts';
import { hostOf, plainText } from '../words/names.ts';
import { clearedCacheWords } from './cleared-cache-words.ts';
import styles from './end-card.module.css';
import { mayHoldGrant } from './grant-words.ts';
import { ReceiptDialog } from './receipt-dialog.tsx';
import type { Receipt as ReceiptValue } from './receipt-words.ts';

type Asking = 'cache' | 'revoke' | 'forget' | null;

export function EndCard({ view }: { readonly view: ServerView }) {
  const [asking, setAsking] = useState<Asking>(null);
  const close = () => setAsking(null);
  const held = mayHoldGrant(view.state);
  return (
    <Card title="End and clean up" flush>
      <Rows>
        <Row
          wordy
          title={<h3>Clear the cache</h3>}
          about="Discovery, the dynamic registration and the access token are dropped and fetched anew. The sign-in stays."
          actions={
            <Button size="small" onClick={() => setAsking('cache')}>
              Clear the cache…
            </Button>
          }
        />
        <Row
          wordy
          title={<h3>Revoke</h3>}
          about={
            held
              ? 'Asks the provider to end the grant, and forgets its tokens here. The server stays in the list.'
              : 'There is no grant to revoke.'
          }
          actions={
            <Button look="danger" size="small" disabled={!held} onClick={() => setAsking('revoke')}>
              Revoke…
            </Button>
          }
        />
        <Row
          wordy
          title={<h3>Forget</h3>}
          about="Removes the server from here. Tells no one: revoke first to end it at the provider, too."
          actions={
            <Button look="danger" size="small" onClick={() => setAsking('forget')}>
              Forget…
            </Button>
          }
        />
      </Rows>
      <ClearCache view={view} open={asking === 'cache'} onClose={close} />
      <Revoke view={view} open={asking === 'revoke'} onClose={close} />
      <Forget view={view} open={asking === 'forget'} onClose={close} />
    </Card>
  );
}

interface AskProps {
  readonly view: ServerView;
  readonly open: boolean;
  readonly onClose: () => void;
}

function ClearCache({ view, open, onClose }: AskProps) {
  const client = useClient();
  const call = useCall(async (_signal) => {
    toast('The cache is clear', clearedCacheWords(await client.cache.clear({ server: view.server })));
    return true;
  });
  return (
    <ConfirmDialog
      open={open}
      onClose={reset(call.reset, onClose)}
      title="Clear the cache of this server?"
      action="Clear the cache"
      look="main"
      call={call}
      onDone={reset(call.reset, onClose)}
    >
      <ul className={styles.steps}>
        <li>What discovery found is dropped; the next request asks the server and its provider again.</li>
        <li>The access token is dropped; the next request refreshes it. Agents notice nothing but a short delay.</li>
        <li>A dynamic registration is dropped where no grant depends on it; the next sign-in registers again.</li>
      </ul>
      <p>The refresh token stays: nobody has to sign in because of this.</p>
    </ConfirmDialog>
  );
}

function Revoke({ view, open, onClose }: AskProps) {
  const client = useClient();
  const [receipt, setReceipt] = useState<ReceiptValue | null>(null);
  // Not bound to this window: what the provider is told cannot be taken back half-way.
  const call = useCall((_signal) => client.revoke({ server: view.server }));
  const provider = view.issuer === null ? 'the provider' : hostOf(view.issuer);
  return (
    <>
      <ConfirmDialog
        open={open}
        onClose={reset(call.reset, onClose)}
        title={
          <>
            Revoke the grant of <bdi>{view.server}</bdi>?
          </>
        }
        action="Revoke"
        call={{
          state: call.state,
          run: async () => {
            const answer = await call.run();
            setReceipt(answer);
            return answer;
          },
        }}
        onDone={reset(call.reset, onClose)}
      >
        <ul className={styles.steps}>
          <li>
            <bdi>{plainText(provider)}</bdi> is asked to revoke the refresh token and the access token (RFC 7009).
          </li>
          <li>Both are forgotten here, whatever it answers.</li>
          <li>Agents that use this server are refused until you sign in again.</li>
        </ul>
        <p>The server stays in the list. You will see what the provider answered.</p>
      </ConfirmDialog>
      <ReceiptDialog receipt={receipt} onClose={() => setReceipt(null)} />
    </>
  );
}

function Forget({ view, open, onClose }: AskProps) {
  const client = useClient();
  const call = useCall(async (_signal) => {
    await client.servers.forget({ server: view.server });
    toast('The server is forgotten', view.server);
    go({ at: 'servers' });
    return true;
  });
  const held = mayHoldGrant(view.state);
  return (
    <ConfirmDialog
      open={open}
      onClose={reset(call.reset, onClose)}
      title={
        <>
          Forget <bdi>{view.server}</bdi>?
        </>
      }
      action="Forget this server"
      call={call}
    >
      <ul className={styles.steps}>
        <li>The server, its grant, its settings and its secrets are removed from this machine.</li>
        <li>Agents that name it get an error.</li>
        <li>Its lines in the activity stay.</li>
      </ul>
      <p>
        {held
          ? 'The provider is not told, and goes on counting the grant as good. Revoke first to end it there.'
          : 'The provider is not told.'}
      </p>
    </ConfirmDialog>
  );
}

/** A dialog that is closed forgets how its last try ended. */
const reset = (forget: () => void, close: () => void) => () => {
  forget();
  close();
};
