// Whether agents are asked about, how long a request waits for the answer, and what becomes of tools that changed.
import { useState } from 'react';
import { LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { Switch } from '../design/checkbox.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { SelectField } from '../design/field.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { useKnown } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { pinningOptions, waitOptions } from './access-words.ts';
import styles from './rows.module.css';
import { useSettingsChange } from './use-change.ts';

export function ApprovalsCard() {
  const settings = useKnown()?.settings;
  const change = useSettingsChange();
  const [asking, setAsking] = useState(false);
  if (settings === undefined) return null;
  const { approvals, tools } = settings;
  const working = change.state.kind === 'working';
  const wait = String(approvals.wait);
  return (
    <Card
      title="Approvals"
      actions={
        <LinkButton size="small" href={href({ at: 'agents' })}>
          Agents
        </LinkButton>
      }
    >
      <div className={styles.parts}>
        {approvals.fixedBy === null ? (
          <Switch
            label="Ask me before an agent uses a server for the first time"
            help={
              approvals.chosen === 'ask'
                ? 'Its request waits for your answer; nothing reaches the server before.'
                : 'Off: every agent with a key, and every program of yours on this machine, may use every server that is signed in.'
            }
            checked={approvals.chosen === 'ask'}
            disabled={working}
            onChange={(on) => (on ? void change.run({ approvals: 'ask' }) : setAsking(true))}
          />
        ) : (
          <Note tone={approvals.now === 'off' ? 'warn' : 'info'}>
            {approvals.now === 'off' ? 'Nobody is asked: ' : 'Agents are asked about: '}
            <code>{approvals.fixedBy}</code> decides it, with which this broker was started.
          </Note>
        )}
        <SelectField
          label="A request waits for"
          value={wait}
          onChange={(value) => void change.run({ approvalWait: Number(value) })}
          options={waitOptions(approvals.wait)}
          disabled={working}
          help="Then the agent is told that you have not answered yet. The question stays open for 15 minutes; what you answer counts when it tries again."
        />
        <SelectField
          label="When a server changes a tool"
          value={tools.pinning}
          onChange={(pinning) => void change.run({ tools: { pinning } })}
          options={pinningOptions}
          disabled={working}
          help="Its description, its schemas or its marks, compared with what you accepted. A server’s own page can say otherwise."
        />
        {change.state.kind === 'failed' && !asking && <ProblemNote problem={change.state.problem} />}
      </div>
      <TurnOff
        open={asking}
        onClose={() => {
          change.reset();
          setAsking(false);
        }}
        change={change}
      />
    </Card>
  );
}

interface TurnOffProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly change: ReturnType<typeof useSettingsChange>;
}

function TurnOff({ open, onClose, change }: TurnOffProps) {
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Stop asking about agents?"
      action="Stop asking"
      keep="Go on asking"
      call={{ state: change.state, run: () => change.run({ approvals: 'off' }) }}
      onDone={onClose}
    >
      <ul className={styles.steps}>
        <li>
          Every agent with a key, and every program of yours on this machine, may use every server that is signed in.
        </li>
        <li>Questions that are open are answered with yes.</li>
        <li>The rules of each server, and held tools, go on as they are.</li>
      </ul>
      <p>What you allowed and denied is kept, and counts again when you turn asking on.</p>
    </ConfirmDialog>
  );
}
