// A set of rules to be changed: how much, which tools by pattern, when to ask; and what that does to the tools that are known.
import { useId, useMemo } from 'react';
import type { PinnedTool } from '../../preload/contract.ts';
import type { Rules } from '../approvals/decision.ts';
import { SelectField, TextArea } from '../design/field.tsx';
import { Segments } from '../design/segments.tsx';
import { FateList } from './fate-list.tsx';
import styles from './rules-fields.module.css';
import { rulesOf, type RulesDraft } from './rules-draft.ts';
import { globsProblem, readGlobs } from './rules-words.ts';

const amounts = [
  { value: 'everything', label: 'Everything' },
  { value: 'read-only', label: 'Read-only' },
] as const;

const asking = [
  { value: 'never', label: 'Never' },
  { value: 'destructive', label: 'Before tools marked destructive' },
  { value: 'changes', label: 'Before every tool not marked read-only' },
] as const;

interface RulesFieldsProps {
  readonly draft: RulesDraft;
  readonly onChange: (draft: RulesDraft) => void;
  /** Null: not known so far. */
  readonly tools: readonly PinnedTool[] | null;
  /** Further rules that hold as well: both have to let a tool through. */
  readonly also?: readonly Rules[];
}

export function RulesFields({ draft, onChange, tools, also }: RulesFieldsProps) {
  const id = useId();
  const rules = useMemo(() => rulesOf(draft), [draft]);
  return (
    <div className={styles.fields}>
      <div className={styles.amount} role="group" aria-labelledby={`${id}-amount`}>
        <p id={`${id}-amount`} className={styles.label}>
          May use
        </p>
        <Segments
          label="How much"
          value={draft.tools}
          onChange={(amount) => onChange({ ...draft, tools: amount })}
          options={amounts}
        />
        <p className={styles.help}>
          {draft.tools === 'read-only'
            ? 'Only tools that the server marks as reading, as you accepted them. What is unmarked is refused.'
            : 'Every tool that the patterns below let through.'}
        </p>
      </div>
      <div className={styles.globs}>
        <TextArea
          label="Only these tools"
          value={draft.allow}
          onChange={(allow) => onChange({ ...draft, allow })}
          placeholder="get_*"
          error={globsProblem(readGlobs(draft.allow))}
          help="A pattern a line; * stands for anything. Empty: all of them. Compared exactly."
        />
        <TextArea
          label="Never these"
          value={draft.deny}
          onChange={(deny) => onChange({ ...draft, deny })}
          placeholder="delete_*"
          error={globsProblem(readGlobs(draft.deny))}
          help="Wins over everything. Compared widely: case and look-alikes do not get around it."
        />
      </div>
      <SelectField
        label="Ask me each time"
        value={draft.ask}
        onChange={(ask) => onChange({ ...draft, ask })}
        options={asking}
        help="You see the arguments of the call before it goes out."
      />
      {tools !== null && rules !== null && <FateList sets={[rules, ...(also ?? [])]} tools={tools} />}
    </div>
  );
}
