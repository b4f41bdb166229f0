// When Tokentray locks by itself, and what becomes of streams that are open then.
import { Switch } from '../design/checkbox.tsx';
import { SelectField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { useSettingsChange } from '../settings/use-change.ts';
import { useKnown } from '../store/context.tsx';
import { idleOptions, streamOptions } from './lock-words.ts';
import styles from './lock-settings.module.css';

export function LockSettings() {
  const settings = useKnown()?.settings.lock;
  const change = useSettingsChange();
  if (settings === undefined) return null;
  const working = change.state.kind === 'working';
  const { afterIdleMinutes, onScreenLock, streams } = settings;
  return (
    <div className={styles.settings}>
      <div className={styles.pair}>
        <SelectField
          label="Lock when idle"
          value={afterIdleMinutes === null ? 'never' : String(afterIdleMinutes)}
          onChange={(value) =>
            void change.run({ lock: { afterIdleMinutes: value === 'never' ? null : Number(value) } })
          }
          options={idleOptions(afterIdleMinutes)}
          disabled={working}
          help="Without a request of an agent or an action of yours."
        />
        <SelectField
          label="Open streams, when it locks"
          value={streams}
          onChange={(value) => void change.run({ lock: { streams: value } })}
          options={streamOptions}
          disabled={working}
          help="What goes on ends with its token; nothing new gets through."
        />
      </div>
      {onScreenLock !== null && (
        <Switch
          label="Lock with the screen"
          checked={onScreenLock}
          disabled={working}
          onChange={(on) => void change.run({ lock: { onScreenLock: on } })}
        />
      )}
      {change.state.kind === 'failed' && <ProblemNote problem={change.state.problem} />}
    </div>
  );
}
