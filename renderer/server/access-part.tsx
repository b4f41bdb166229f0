// Who may use this server: what was decided about each agent, and the rules that hold for all of them.
import { useState } from 'react';
import { ApprovalRows } from '../agents/approval-rows.tsx';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { SelectField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import { toast } from '../design/toast.tsx';
import { draftOf, rulesOf } from '../rules/rules-draft.ts';
import { RulesFields } from '../rules/rules-fields.tsx';
import { useTools, type ToolsState } from '../rules/use-tools.ts';
import { pinningOptions } from '../settings/access-words.ts';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import { href } from '../store/route.ts';
import styles from './parts.module.css';

export function AccessPart({ server }: { readonly server: string }) {
  const known = useKnown();
  const approvals = known?.approvals.filter((approval) => approval.server === server) ?? [];
  const off = known?.settings.approvals.now === 'off';
  const { state, again } = useTools(server);
  return (
    <>
      <Card
        title="Who may use it"
        about={
          off
            ? 'Approvals are off: every agent may use it, within the rules below.'
            : approvals.length > 0
              ? 'What you decided, and what still stands.'
              : 'No agent so far. The first time one wants it, you are asked.'
        }
        actions={
          <LinkButton size="small" href={href({ at: 'agents' })}>
            All agents
          </LinkButton>
        }
        flush={approvals.length > 0}
      >
        {approvals.length === 0 ? undefined : <ApprovalRows approvals={approvals} by="agent" />}
      </Card>
      {state.kind === 'loading' && (
        <Card title="Rules for every agent">
          <Progress label="Asking the broker" />
        </Card>
      )}
      {state.kind === 'failed' && (
        <ProblemNote problem={state.problem} actions={<Button onClick={again}>Try again</Button>} />
      )}
      {state.kind === 'shown' && <RulesCard key={JSON.stringify(state.rules)} server={server} shown={state} />}
    </>
  );
}

interface RulesCardProps {
  readonly server: string;
  readonly shown: Extract<ToolsState, { kind: 'shown' }>;
}

function RulesCard({ server, shown: { rules, tools } }: RulesCardProps) {
  const client = useClient();
  const usual = useKnown()?.settings.tools.pinning;
  const [draft, setDraft] = useState(() => draftOf(rules.rules));
  const [pinning, setPinning] = useState<NonNullable<typeof rules.pinning> | ''>(rules.pinning ?? '');
  const next = rulesOf(draft);
  const changed =
    JSON.stringify(next) !== JSON.stringify(rulesOf(draftOf(rules.rules))) || pinning !== (rules.pinning ?? '');
  const call = useCall((signal) =>
    client.tools.setRules(
      { server, pinning: pinning === '' ? null : pinning, ...(next !== null && { rules: next }) },
      { signal },
    ),
  );
  const save = async () => {
    if ((await call.run()) !== null) toast('The rules hold from now on', server);
  };
  const usualLabel = pinningOptions.find(({ value }) => value === usual)?.label ?? '';
  return (
    <Card
      title="Rules for every agent"
      about="A call has to pass these and the agent’s own. What denies wins."
      actions={
        <Button
          look="main"
          size="small"
          disabled={!changed || next === null}
          busy={call.state.kind === 'working'}
          onClick={() => void save()}
        >
          Save
        </Button>
      }
    >
      <div className={styles.parts}>
        <RulesFields draft={draft} onChange={setDraft} tools={tools} />
        <SelectField
          label="When the server changes a tool"
          value={pinning}
          onChange={setPinning}
          options={[{ value: '' as const, label: `As in the settings (${usualLabel})` }, ...pinningOptions]}
        />
        {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
      </div>
    </Card>
  );
}
