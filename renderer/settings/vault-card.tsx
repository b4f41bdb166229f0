// Where secrets are kept and what that means; where all else is kept.
import { Badge } from '../design/badge.tsx';
import { Card, Fact, Facts } from '../design/card.tsx';
import { classes } from '../design/classes.ts';
import { CopyField } from '../design/copy-field.tsx';
import { Note } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { Progress } from '../design/progress.tsx';
import { useKnown, useStatus } from '../store/context.tsx';
import styles from './rows.module.css';
import text from './text.module.css';
import { vaultWords } from './vault-words.ts';

export function VaultCard() {
  const status = useStatus();
  const folder = useKnown()?.settings.dataFolder;
  if (status === null) {
    return (
      <Card title="Vault and data">
        <Progress label="Asking the broker" />
      </Card>
    );
  }
  const { vault, databaseSetAside } = status;
  const { name, meaning, advice } = vaultWords(vault);
  return (
    <Card title="Vault and data">
      <div className={styles.parts}>
        <Facts>
          <Fact name="Vault in use">
            <span className={styles.name}>
              {name}
              <Badge tone={vault.persistent ? 'fine' : 'needs-you'}>
                {vault.persistent ? 'survives a restart' : 'gone at the end'}
              </Badge>
            </span>
            <p className={styles.soft}>{meaning}</p>
          </Fact>
          <Fact name="Data folder">
            <CopyField label="Data folder" text={folder ?? status.dataFolder} />
            <p className={classes(styles.small, text.under)}>
              {vault.kind === 'passphrase-file'
                ? 'The record, the servers’ names and settings, the log, and the encrypted vault. No secret in the clear.'
                : 'The record, the servers’ names and settings, the log. No token and no secret.'}
            </p>
          </Fact>
        </Facts>
        {vault.reason !== null && (
          <Note tone="warn" title="Why it is not the keychain">
            <OutsideText fit="wrap">{vault.reason}</OutsideText>
          </Note>
        )}
        {advice !== null && (
          <div>
            <p className={styles.soft}>{advice.words}</p>
            <div className={text.under}>
              <CopyField label="The command" text={advice.command} />
            </div>
          </div>
        )}
        {databaseSetAside !== null && (
          <Note tone="warn" title="The database was damaged and a new one was begun">
            The old one is kept at <OutsideText fit="wrap">{databaseSetAside}</OutsideText>
          </Note>
        )}
      </div>
    </Card>
  );
}
