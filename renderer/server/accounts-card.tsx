// The accounts at one server: who each is, how it stands, which one agents use who are pinned to none; and who is pinned.
import { useState } from 'react';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { StateLine } from '../design/state-line.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { plainText } from '../words/names.ts';
import { AccountDialog } from './account-dialog.tsx';
import { accountDetail, accountName, orderedAccounts } from './account-words.ts';
import { AddAccountDialog } from './add-account-dialog.tsx';
import styles from './parts.module.css';
import { PinDialog } from './pin-dialog.tsx';

export function AccountsCard({ view }: { readonly view: ServerView }) {
  const accounts = orderedAccounts(useKnown()?.accounts.get(view.server)?.values() ?? []);
  const [shown, setShown] = useState<ServerView | null>(null);
  const [adding, setAdding] = useState(false);
  const [pinning, setPinning] = useState(false);
  const several = accounts.length > 1;
  return (
    <Card
      title="Accounts"
      about={
        several
          ? 'An agent uses the default one, unless it or its folder is pinned to another. It is never switched silently.'
          : 'Sign in with a second account to let some agents or folders use that one.'
      }
      actions={
        <>
          {several && (
            <Button size="small" onClick={() => setPinning(true)}>
              Pin…
            </Button>
          )}
          <Button size="small" icon="add" onClick={() => setAdding(true)}>
            Add an account
          </Button>
        </>
      }
      flush
    >
      <Rows>
        {accounts.map((account) => {
          const detail = accountDetail(account);
          return (
            <Row
              key={account.account}
              title={
                <>
                  <bdi>{accountName(account)}</bdi>
                  {several && account.isDefault && <Badge tone="fine">default</Badge>}
                </>
              }
              about={
                <>
                  {/* Of the only one, the head of the page says how it is. */}
                  {several ? <StateLine state={account.state} wrap /> : 'Every agent uses it. '}
                  {detail !== null && <bdi>{detail}</bdi>}
                </>
              }
              actions={
                <Button
                  size="small"
                  aria-label={`Manage the account ${accountName(account)}`}
                  onClick={() => setShown(account)}
                >
                  Manage…
                </Button>
              }
            />
          );
        })}
        <Pins server={view.server} />
      </Rows>
      <AccountDialog
        view={accounts.find(({ account }) => account === shown?.account) ?? null}
        only={!several}
        onClose={() => setShown(null)}
      />
      <AddAccountDialog
        view={view}
        taken={accounts.map(({ account }) => account)}
        open={adding}
        onClose={() => setAdding(false)}
      />
      <PinDialog server={view.server} accounts={accounts} open={pinning} onClose={() => setPinning(false)} />
    </Card>
  );
}

function Pins({ server }: { readonly server: string }) {
  const client = useClient();
  const known = useKnown();
  const pins = known?.accountPins.filter((pin) => pin.server === server) ?? [];
  const call = useCall((signal, pin: { agentId: string | null; folder: string | null }) =>
    client.accounts.unpin(
      { server, ...(pin.folder === null ? { agentId: pin.agentId ?? '' } : { folder: pin.folder }) },
      { signal },
    ),
  );
  return (
    <>
      {pins.map((pin) => {
        const agent = known?.agents.find(({ id }) => id === pin.agentId);
        const who = plainText(pin.folder ?? agent?.name ?? 'an agent that is gone', 200);
        return (
          <Row
            key={JSON.stringify([pin.agentId, pin.folder])}
            title={
              <>
                <bdi className={styles.wrap}>{who}</bdi>
                <Badge>{pin.folder === null ? 'agent' : 'folder'}</Badge>
              </>
            }
            about={
              <>
                pinned to <bdi>{plainText(pin.account, 100)}</bdi>
              </>
            }
            actions={
              <Button
                size="small"
                aria-label={`Unpin ${who}`}
                busy={call.state.kind === 'working'}
                onClick={() => void call.run(pin)}
              >
                Unpin
              </Button>
            }
          />
        );
      })}
      {call.state.kind === 'failed' && (
        <li>
          <ProblemNote problem={call.state.problem} />
        </li>
      )}
    </>
  );
}
