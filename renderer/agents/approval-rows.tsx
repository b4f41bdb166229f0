// What was decided, a row each: who or what for, how much, until when; to be changed or ended at once.
import { useState } from 'react';
import type { Approval } from '../../preload/contract.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { OutsideText } from '../design/outside-text.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useNow } from '../store/clock.ts';
import { useClient } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { plainText } from '../words/names.ts';
import { approvalWords, decidedWords } from './agent-words.ts';
import styles from './approval-rows.module.css';
import { ChangeApprovalDialog } from './change-approval-dialog.tsx';

interface ApprovalRowsProps {
  readonly approvals: readonly Approval[];
  /** What each row is named after: the other side is known from the page. */
  readonly by: 'server' | 'agent';
}

export function ApprovalRows({ approvals, by }: ApprovalRowsProps) {
  const [changing, setChanging] = useState<Approval | null>(null);
  const [revoking, setRevoking] = useState<Approval | null>(null);
  const now = useNow(15_000);
  return (
    <>
      <Rows>
        {approvals.map((approval) => {
          const name = by === 'server' ? approval.server : plainText(approval.agent, 80);
          const denied = approval.decision === 'deny';
          return (
            <Row
              key={approval.id}
              wordy
              title={
                <>
                  {by === 'server' ? (
                    <OutsideText>{name}</OutsideText>
                  ) : (
                    <a className={styles.link} href={href({ at: 'agent', id: approval.agentId })}>
                      <OutsideText>{name}</OutsideText>
                    </a>
                  )}
                  {accountLabel(approval.account) !== null && <Badge>{accountLabel(approval.account)}</Badge>}
                  {denied && <Badge tone="danger">denied</Badge>}
                </>
              }
              about={<span title={`Decided ${decidedWords(approval)}`}>{approvalWords(approval, now)}</span>}
              actions={
                <>
                  {!denied && (
                    <Button size="small" aria-label={`Change: ${name}`} onClick={() => setChanging(approval)}>
                      Change…
                    </Button>
                  )}
                  <Button
                    size="small"
                    look={denied ? 'plain' : 'danger'}
                    aria-label={denied ? `Ask again: ${name}` : `Revoke: ${name}`}
                    onClick={() => setRevoking(approval)}
                  >
                    {denied ? 'Ask again…' : 'Revoke…'}
                  </Button>
                </>
              }
            />
          );
        })}
      </Rows>
      <ChangeApprovalDialog approval={changing} onClose={() => setChanging(null)} />
      <RevokeDialog approval={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}

/** Null for the label that everybody's first account has. */
const accountLabel = (account: string): string | null =>
  account === '' || account === 'default' ? null : plainText(account, 60);

function RevokeDialog({ approval, onClose }: { readonly approval: Approval | null; readonly onClose: () => void }) {
  const client = useClient();
  const shown = useShown(approval);
  const call = useCall((signal) => client.approvals.revoke({ id: approval?.id ?? '' }, { signal }));
  const close = () => {
    call.reset();
    onClose();
  };
  const agent = plainText(shown?.agent ?? '', 80);
  const denied = shown?.decision === 'deny';
  return (
    <ConfirmDialog
      open={approval !== null}
      onClose={close}
      title={
        denied ? (
          <>
            Be asked about <bdi>{agent}</bdi> again?
          </>
        ) : (
          <>
            End what <bdi>{agent}</bdi> may do with <bdi>{shown?.server}</bdi>?
          </>
        )
      }
      action={denied ? 'Ask me again' : 'Revoke'}
      look={denied ? 'main' : 'danger'}
      keep={denied ? 'Leave it' : 'Keep it'}
      call={call}
      onDone={() => {
        toast(denied ? 'You are asked again' : 'The approval is revoked', agent);
        close();
      }}
    >
      <p>
        {denied
          ? 'Your denial is dropped. When the agent comes again, you are asked.'
          : 'It ends at once: open streams end within a second, and its next request asks you again. The grant stays, and other agents are not touched.'}
      </p>
    </ConfirmDialog>
  );
}
