// What the audit keeps: for how long, how much, and whether the arguments of tool calls are in it.
import { LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { Switch } from '../design/checkbox.tsx';
import { SelectField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { useKnown } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { daysOptions, sizeOptions } from './access-words.ts';
import styles from './rows.module.css';
import { useSettingsChange } from './use-change.ts';

export function AuditCard() {
  const audit = useKnown()?.settings.audit;
  const change = useSettingsChange();
  if (audit === undefined) return null;
  const working = change.state.kind === 'working';
  return (
    <Card
      title="Audit"
      about="Every call, decision and change, each row sealed by the next."
      actions={
        <LinkButton size="small" href={href({ at: 'audit', filter: {} })}>
          Open the audit
        </LinkButton>
      }
    >
      <div className={styles.parts}>
        <Switch
          label="Keep the arguments of tool calls"
          help={
            audit.arguments
              ? 'On: what agents send to tools is in the database, without what looks like a secret. What does not look like one stays.'
              : 'Off: the tool’s name, outcome, duration and sizes are kept, and nothing of what was sent.'
          }
          checked={audit.arguments}
          disabled={working}
          onChange={(on) => void change.run({ audit: { arguments: on } })}
        />
        <div className={styles.pair}>
          <SelectField
            label="Keep rows for"
            value={String(audit.keepDays)}
            onChange={(value) => void change.run({ audit: { keepDays: Number(value) } })}
            options={daysOptions(audit.keepDays)}
            disabled={working}
          />
          <SelectField
            label="At most"
            value={String(audit.keepMegabytes)}
            onChange={(value) => void change.run({ audit: { keepMegabytes: Number(value) } })}
            options={sizeOptions(audit.keepMegabytes)}
            disabled={working}
          />
        </div>
        <p className={styles.small}>The oldest rows go first; what is left can still be verified.</p>
        {change.state.kind === 'failed' && <ProblemNote problem={change.state.problem} />}
      </div>
    </Card>
  );
}
