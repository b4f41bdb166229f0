// What was asked for beside what was granted: the difference is what a person wants to see first.
import { LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { Icon } from '../design/icons.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import type { ServerView } from '../store/model.ts';
import { href } from '../store/route.ts';
import { plainText } from '../words/names.ts';
import { scopeLines, scopesSummary } from './grant-words.ts';
import styles from './scopes-card.module.css';

export function ScopesCard({ view }: { readonly view: ServerView }) {
  const { requestedScopes, grantedScopes, settings } = view;
  const lines = scopeLines(requestedScopes, grantedScopes);
  const ownChoice = settings.removedScopes.length > 0 || settings.pinnedScopes !== null;
  const bare = lines.length === 0 && !ownChoice;
  return (
    <Card
      title="Scopes"
      {...(!bare && { about: scopesSummary(requestedScopes, grantedScopes) })}
      actions={
        <LinkButton size="small" icon="add" href={href({ at: 'add', name: view.server })}>
          Add scopes
        </LinkButton>
      }
      flush={!bare}
    >
      {bare ? (
        <p className={styles.none}>{scopesSummary(requestedScopes, grantedScopes)}</p>
      ) : (
        <>
          {lines.length > 0 && (
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">Scope</th>
                  <th scope="col">Requested</th>
                  <th scope="col">Granted</th>
                </tr>
              </thead>
              <tbody>
                {lines.map(({ scope, requested, granted }) => (
                  <tr key={scope} className={requested === granted ? undefined : styles.differs}>
                    <th scope="row">
                      <OutsideText fit="wrap" mono>
                        {scope}
                      </OutsideText>
                    </th>
                    <td>
                      <Mark on={requested} />
                    </td>
                    <td>
                      <Mark on={granted} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {ownChoice && (
            <div className={styles.foot}>
              {settings.removedScopes.length > 0 && (
                <p>
                  Never asked for, because you unticked {settings.removedScopes.length === 1 ? 'it' : 'them'}:{' '}
                  <bdi>{settings.removedScopes.map((scope) => plainText(scope)).join(', ')}</bdi>
                </p>
              )}
              {settings.pinnedScopes !== null && <p>You fixed the list: the server’s own wishes are not followed.</p>}
            </div>
          )}
        </>
      )}
    </Card>
  );
}

function Mark({ on }: { readonly on: boolean }) {
  return on ? (
    <span className={styles.yes}>
      <Icon name="check" />
      <span className="only-read">yes</span>
    </span>
  ) : (
    <span className={styles.no}>no</span>
  );
}
