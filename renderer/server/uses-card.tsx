// The agents that used this server, the latest first.
import { Badge } from '../design/badge.tsx';
import { LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { useUses } from '../store/context.tsx';
import { href } from '../store/route.ts';
import styles from './parts.module.css';

const knownBy =
  'Over stdio an agent is known by the program that it is, as far as the system tells; over HTTP by its key or its sign-in.';

export function UsesCard({ server }: { readonly server: string }) {
  const uses = useUses(server);
  return (
    <Card
      title="Used by"
      {...(uses.length > 0 && { about: knownBy })}
      actions={
        <LinkButton size="small" href={href({ at: 'server', server, part: 'set-up' })}>
          Set up an agent
        </LinkButton>
      }
      flush={uses.length > 0}
    >
      {uses.length === 0 ? (
        <p className={styles.soft}>No agent has used it yet.</p>
      ) : (
        <Rows>
          {uses.map((use) => (
            <Row
              key={`${use.via} ${use.agent}`}
              title={
                <>
                  <OutsideText>{use.agent}</OutsideText>
                  <Badge>{use.via === 'http' ? 'HTTP' : 'stdio'}</Badge>
                </>
              }
              about={
                <>
                  Last <RelativeTime at={use.lastAt} />, first <RelativeTime at={use.firstAt} />
                </>
              }
              actions={
                <LinkButton
                  size="small"
                  look="quiet"
                  href={href({ at: 'activity', filter: { server, agent: use.agent } })}
                >
                  Activity
                </LinkButton>
              }
            />
          ))}
        </Rows>
      )}
    </Card>
  );
}
