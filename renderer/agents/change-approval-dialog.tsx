// Changes what an agent may do with a grant, and until when; what the rules do to the server's tools is shown meanwhile.
import { useState } from 'react';
import type { Approval } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { SelectField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { toast } from '../design/toast.tsx';
import { draftOf, rulesOf } from '../rules/rules-draft.ts';
import { RulesFields } from '../rules/rules-fields.tsx';
import { useTools } from '../rules/use-tools.ts';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { plainText } from '../words/names.ts';
import { endAt, endChoices, type EndChoice } from './ends.ts';

interface ChangeApprovalDialogProps {
  readonly approval: Approval | null;
  readonly onClose: () => void;
}

export function ChangeApprovalDialog({ approval, onClose }: ChangeApprovalDialogProps) {
  const shown = useShown(approval);
  // A dialog that opens for another approval begins with that one's rules.
  return shown === null ? null : <Body key={shown.id} approval={shown} open={approval !== null} onClose={onClose} />;
}

interface BodyProps {
  readonly approval: Approval;
  readonly open: boolean;
  readonly onClose: () => void;
}

function Body({ approval, open, onClose }: BodyProps) {
  const client = useClient();
  const [draft, setDraft] = useState(() => draftOf(approval.rules));
  const [end, setEnd] = useState<EndChoice>('keep');
  const rules = rulesOf(draft);
  const call = useCall((signal) =>
    client.approvals.change(
      { id: approval.id, ...(rules !== null && { rules }), ...endAt(end, Date.now()) },
      { signal },
    ),
  );
  const working = call.state.kind === 'working';
  const close = () => {
    if (working) return;
    call.reset();
    setDraft(draftOf(approval.rules));
    setEnd('keep');
    onClose();
  };
  const save = async () => {
    const changed = await call.run();
    if (changed === null) return;
    toast('The approval is changed', plainText(approval.agent, 80));
    setDraft(draftOf(changed.rules));
    setEnd('keep');
    onClose();
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      wide
      title={
        <>
          What <bdi>{plainText(approval.agent, 80)}</bdi> may do with <bdi>{approval.server}</bdi>
        </>
      }
      actions={
        <>
          <Button look="quiet" onClick={close} disabled={working}>
            Cancel
          </Button>
          <Button look="main" busy={working} disabled={rules === null} onClick={() => void save()}>
            Save
          </Button>
        </>
      }
    >
      {open && <Fields approval={approval} draft={draft} setDraft={setDraft} />}
      <SelectField label="Until when" value={end} onChange={setEnd} options={endChoices(approval)} />
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
    </Dialog>
  );
}

type Draft = ReturnType<typeof draftOf>;

function Fields({
  approval,
  draft,
  setDraft,
}: {
  readonly approval: Approval;
  readonly draft: Draft;
  readonly setDraft: (draft: Draft) => void;
}) {
  const { state } = useTools(approval.server, approval.account);
  return (
    <RulesFields
      draft={draft}
      onChange={setDraft}
      tools={state.kind === 'shown' ? state.tools : null}
      {...(state.kind === 'shown' && { also: [state.rules.rules] })}
    />
  );
}
