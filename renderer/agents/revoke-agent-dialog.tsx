// Shuts an agent out: says first what ends with it.
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { Agent } from '../store/model.ts';
import { plainText } from '../words/names.ts';
import { revokeSteps } from './agent-words.ts';
import styles from './steps.module.css';

interface RevokeAgentDialogProps {
  /** Null: nothing is asked. */
  readonly agent: Agent | null;
  readonly approvals: number;
  readonly onClose: () => void;
}

export function RevokeAgentDialog({ agent, approvals, onClose }: RevokeAgentDialogProps) {
  const client = useClient();
  const call = useCall((signal) => client.agents.revoke({ id: agent?.id ?? '' }, { signal }));
  const shown = useShown(agent);
  const name = plainText(shown?.name ?? '', 100);
  const close = () => {
    call.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={agent !== null}
      onClose={close}
      title={
        <>
          Revoke <bdi>{name}</bdi>?
        </>
      }
      action="Revoke"
      call={call}
      onDone={() => {
        toast('The agent is revoked', name);
        close();
      }}
    >
      {shown !== null && (
        <ul className={styles.steps}>
          {revokeSteps(shown, approvals).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ul>
      )}
    </ConfirmDialog>
  );
}
