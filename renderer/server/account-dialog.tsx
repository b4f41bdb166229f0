// One account: who it is, when its grant ends here, and the ways to sign in, make it the default, revoke and forget it.
import { useState } from 'react';
import { endAt, endChoices, type EndChoice } from '../agents/ends.ts';
import { Button, LinkButton } from '../design/button.tsx';
import { Fact, Facts } from '../design/card.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { SelectField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { StateLine } from '../design/state-line.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { href } from '../store/route.ts';
import { exactTime } from '../words/time.ts';
import { plainText } from '../words/names.ts';
import styles from './account-dialog.module.css';
import { accountName } from './account-words.ts';
import { mayHoldGrant } from './grant-words.ts';
import { ReceiptDialog } from './receipt-dialog.tsx';
import type { Receipt as ReceiptValue } from './receipt-words.ts';

interface AccountDialogProps {
  /** Null: closed. */
  readonly view: ServerView | null;
  /** The server's only one: it is forgotten with the server. */
  readonly only: boolean;
  readonly onClose: () => void;
}

export function AccountDialog({ view, only, onClose }: AccountDialogProps) {
  const shown = useShown(view);
  const [receipt, setReceipt] = useState<ReceiptValue | null>(null);
  return (
    <>
      <Dialog
        open={view !== null}
        onClose={onClose}
        title={
          <>
            Account <bdi>{shown === null ? '' : accountName(shown)}</bdi>
          </>
        }
        actions={<Button onClick={onClose}>Close</Button>}
      >
        {shown !== null && <Body view={shown} only={only} onClose={onClose} onReceipt={setReceipt} />}
      </Dialog>
      <ReceiptDialog receipt={receipt} onClose={() => setReceipt(null)} />
    </>
  );
}

interface BodyProps {
  readonly view: ServerView;
  readonly only: boolean;
  readonly onClose: () => void;
  readonly onReceipt: (receipt: ReceiptValue) => void;
}

function Body({ view, only, onClose, onReceipt }: BodyProps) {
  const client = useClient();
  const { server, account } = view;
  const [asking, setAsking] = useState<'revoke' | 'forget' | null>(null);
  const end = useCall((signal, choice: EndChoice) => {
    const { until = null } = endAt(choice, Date.now());
    return client.accounts.setEnd({ server, account, endsAt: until }, { signal });
  });
  const makeDefault = useCall((signal) => client.accounts.setDefault({ server, account }, { signal }));
  const revoke = useCall((_signal) => client.revoke({ server, account }));
  const forget = useCall((_signal) => client.accounts.forget({ server, account }));
  const name = accountName(view);
  const failed = [end, makeDefault].map(({ state }) => state).find((state) => state.kind === 'failed');
  const ends = view.endsAt === null ? 'As the provider has it' : exactTime(view.endsAt);
  return (
    <>
      <StateLine state={view.state} wrap />
      <Facts>
        <Fact name="At the provider">
          {view.identity === null ? 'it did not say who that is' : <bdi>{plainText(view.identity, 300)}</bdi>}
        </Fact>
        <Fact name="Ends here">{ends}</Fact>
      </Facts>
      <SelectField
        label="Let it end"
        value="keep"
        onChange={(choice) => choice !== 'keep' && void end.run(choice)}
        options={endChoices({ lasts: 'always', until: view.endsAt })}
        disabled={end.state.kind === 'working'}
        help="From then on no agent gets a token of it until you sign in again."
      />
      <div className={styles.actions}>
        <LinkButton
          size="small"
          icon="key"
          href={href(view.isDefault ? { at: 'add', name: server } : { at: 'add', name: server, account })}
          onClick={onClose}
        >
          Sign in again
        </LinkButton>
        {!view.isDefault && (
          <Button size="small" busy={makeDefault.state.kind === 'working'} onClick={() => void makeDefault.run()}>
            Make it the default
          </Button>
        )}
        <Button size="small" look="danger" disabled={!mayHoldGrant(view.state)} onClick={() => setAsking('revoke')}>
          Revoke…
        </Button>
        {!only && (
          <Button size="small" look="danger" onClick={() => setAsking('forget')}>
            Forget…
          </Button>
        )}
      </div>
      {failed?.kind === 'failed' && <ProblemNote problem={failed.problem} />}
      <ConfirmDialog
        open={asking === 'revoke'}
        onClose={() => setAsking(null)}
        title={
          <>
            Revoke the grant of <bdi>{name}</bdi>?
          </>
        }
        action="Revoke"
        call={{
          state: revoke.state,
          run: async () => {
            const answer = await revoke.run();
            if (answer !== null) onReceipt(answer);
            return answer;
          },
        }}
        onDone={() => setAsking(null)}
      >
        <p>
          The provider is asked to end it, and its tokens are forgotten here, whatever it answers. Agents that use this
          account are refused until you sign in again. Other accounts of the server are not touched.
        </p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'forget'}
        onClose={() => setAsking(null)}
        title={
          <>
            Forget the account <bdi>{name}</bdi>?
          </>
        }
        action="Forget this account"
        call={forget}
        onDone={() => {
          setAsking(null);
          toast('The account is forgotten', name);
          onClose();
        }}
      >
        <p>
          Its grant and its secrets are removed from this machine; the provider is not told. Agents and folders that are
          pinned to it are refused, not switched to another one.
        </p>
      </ConfirmDialog>
    </>
  );
}
