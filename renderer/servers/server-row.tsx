// One server in the list: name, account, state in words, what it may do, who used it last, and a way to sign in.
import { memo } from 'react';
import { Badge } from '../design/badge.tsx';
import { LinkButton } from '../design/button.tsx';
import { classes } from '../design/classes.ts';
import { OutsideText } from '../design/outside-text.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { ServerIcon } from '../design/server-icon.tsx';
import { StateLine } from '../design/state-line.tsx';
import { useModel, useUses } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { href } from '../store/route.ts';
import { hostOf, plainText } from '../words/names.ts';
import { agentsWords } from '../words/agents.ts';
import { stateAction, stateTone } from '../words/state.ts';
import styles from './server-row.module.css';

/** Pixels; the style sheet keeps to them. In a narrow window, words that matter get a second line. */
export function rowHeight(view: ServerView, narrow: boolean): number {
  if (!narrow) return 68;
  return rowTone(view) === 'tall' ? 106 : 86;
}

function rowTone(view: ServerView): 'tall' | 'usual' {
  const tone = stateTone(view.state);
  return tone === 'needs-you' || tone === 'waiting' ? 'tall' : 'usual';
}

export const ServerRow = memo(function ServerRow({
  view,
  tabIndex,
}: {
  readonly view: ServerView;
  readonly tabIndex: 0 | -1;
}) {
  const live = useModel((model) => model.link.kind === 'live');
  const held = useModel((model) => model.known?.held.get(view.server) ?? 0);
  const others = useModel((model) => (model.known?.accounts.get(view.server)?.size ?? 1) - 1);
  const action = live ? stateAction(view.state) : null;
  return (
    <div className={classes(styles.row, rowTone(view) === 'tall' && styles.tall)}>
      <ServerIcon name={view.server} />
      <div className={styles.who}>
        <div className={styles.name}>
          {/* The link covers the whole row for the pointer; what is above it stays its own. */}
          <a
            className={styles.link}
            href={href({ at: 'server', server: view.server })}
            tabIndex={tabIndex}
            data-row-focus
            title={view.server}
          >
            <bdi>{view.server}</bdi>
          </a>
          <span className={styles.host}>
            <OutsideText>{accountOf(view) ?? hostOf(view.url)}</OutsideText>
            {others > 0 && <span title={`${others + 1} accounts`}>, +{others}</span>}
          </span>
        </div>
        <div className={styles.state}>
          <StateLine state={view.state} />
          {held > 0 && (
            <a
              className={styles.held}
              href={href({ at: 'server', server: view.server, part: 'tools' })}
              tabIndex={tabIndex}
            >
              <Badge tone="needs-you">{held === 1 ? '1 tool held' : `${held} tools held`}</Badge>
            </a>
          )}
        </div>
      </div>
      <Scopes scopes={view.grantedScopes} />
      <LastUse server={view.server} />
      <div className={styles.action}>
        {action !== null && (
          <LinkButton
            size="small"
            look={stateTone(view.state) === 'needs-you' ? 'tinted' : 'plain'}
            href={href({ at: 'add', name: view.server })}
            tabIndex={tabIndex}
            aria-label={`${action}: ${view.server}`}
          >
            {action}
          </LinkButton>
        )}
      </div>
    </div>
  );
});

/** The label that a grant has where nobody gave it one says nothing; who signed in does. */
const accountOf = ({ account, identity }: ServerView): string | null =>
  account === '' || account === 'default' ? identity : account;

function Scopes({ scopes }: { readonly scopes: readonly string[] }) {
  if (scopes.length === 0) return <div className={styles.scopes} />;
  const names = scopes.map((scope) => plainText(scope, 200));
  return (
    <div className={styles.scopes} title={names.join('\n')}>
      <bdi className={styles.names}>{names.join(' ')}</bdi>
      <span>{scopes.length === 1 ? '1 scope' : `${scopes.length} scopes`}</span>
    </div>
  );
}

function LastUse({ server }: { readonly server: string }) {
  const uses = useUses(server);
  const [latest] = uses;
  if (latest === undefined) return <div className={styles.use}>not used yet</div>;
  const agents = agentsWords(uses);
  return (
    <div className={styles.use} title={agents.full}>
      <span className={styles.agents}>
        <bdi>{agents.short}</bdi>
      </span>
      <span>
        <RelativeTime at={latest.lastAt} />
      </span>
    </div>
  );
}
