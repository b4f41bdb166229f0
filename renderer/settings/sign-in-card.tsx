// What happens by itself: the browser when an agent needs a grant, and Tokentray when the person logs in.
import { Card } from '../design/card.tsx';
import { Switch } from '../design/checkbox.tsx';
import { ProblemNote } from '../design/note.tsx';
import { useKnown } from '../store/context.tsx';
import styles from './rows.module.css';
import { useSettingsChange } from './use-change.ts';

export function SignInCard() {
  const settings = useKnown()?.settings;
  const change = useSettingsChange();
  if (settings === undefined) return null;
  const working = change.state.kind === 'working';
  return (
    <Card title="Sign-in and start">
      <div className={styles.parts}>
        <Switch
          label="Open the browser by itself when an agent needs a sign-in"
          help="For servers that are added from now on; each server’s own page has it for that one. Off: agents are told to ask you, and nothing opens."
          checked={settings.signIn === 'auto'}
          disabled={working}
          onChange={(on) => void change.run({ signIn: on ? 'auto' : 'ask' })}
        />
        {settings.startAtLogin !== null && (
          <Switch
            label="Start Tokentray at login"
            help="It stays in the tray and opens no window."
            checked={settings.startAtLogin}
            disabled={working}
            onChange={(on) => void change.run({ startAtLogin: on })}
          />
        )}
        {change.state.kind === 'failed' && <ProblemNote problem={change.state.problem} />}
      </div>
    </Card>
  );
}
