// The facts of a grant: whose, from whom, for what, how we are registered, and its times. Values of tokens are nowhere.
import { Badge } from '../design/badge.tsx';
import { Card, Fact, Facts } from '../design/card.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import type { ServerView } from '../store/model.ts';
import { answersOpenly } from '../words/state.ts';
import { accountIsNamed, eraWords, flowWords, registrationWords } from './grant-words.ts';
import styles from './parts.module.css';
import type { Details } from './use-details.ts';

export function GrantCard({ view, details }: { readonly view: ServerView; readonly details: Details }) {
  const { grant, client, addedAt } = details;
  const notThere = answersOpenly(view.state) ? 'none is needed' : 'not known yet';
  return (
    <Card title="Grant">
      <Facts>
        <Fact name="Address">
          <Outside text={view.url} />
        </Fact>
        <Fact name="Account">
          {view.identity !== null ? (
            <Outside text={view.identity} />
          ) : accountIsNamed(view.account) ? (
            <Outside text={view.account} />
          ) : view.issuer === null ? (
            notThere
          ) : (
            'the provider did not say'
          )}
        </Fact>
        <Fact name="Issuer">{view.issuer === null ? notThere : <Outside text={view.issuer} />}</Fact>
        <Fact name="Resource">
          {view.resource === null ? (
            view.issuer === null ? (
              notThere
            ) : (
              'none named: the token is not asked for this server alone'
            )
          ) : (
            <Outside text={view.resource} />
          )}
        </Fact>
        <Fact name="Registration">
          {registrationWords(view.registration)}
          {client !== null && <Client client={client} />}
        </Fact>
        <Times state={view.state} grant={grant} flow={flowWords(view.settings.flow)} />
        <Fact name="Server added">
          <RelativeTime at={addedAt} />
        </Fact>
        <Fact name="Protocol">{eraWords(view.settings.era)}</Fact>
      </Facts>
    </Card>
  );
}

function Times({
  state,
  grant,
  flow,
}: {
  readonly state: ServerView['state'];
  readonly grant: Details['grant'];
  readonly flow: string;
}) {
  if (state.kind === 'open' && state.answersSince !== undefined) {
    return (
      <Fact name="Sign-in">
        needs none: it answers without a token, as was first seen <RelativeTime at={state.answersSince} />
      </Fact>
    );
  }
  if (grant === null) return <Fact name="Sign-in">nobody has signed in yet; {flow}</Fact>;
  const { signedInAt, refreshedAt, accessTokenExpiresAt, refreshable, endedAt, endedBecause } = grant;
  return (
    <>
      <Fact name="Signed in">
        <RelativeTime at={signedInAt} />
        <span className={styles.soft}>; {flow}</span>
      </Fact>
      {endedAt !== null && (
        <Fact name="Ended">
          <RelativeTime at={endedAt} />
          {endedBecause !== null && (
            <>
              {': '}
              <OutsideText fit="wrap">{endedBecause.replaceAll('-', ' ')}</OutsideText>
            </>
          )}
        </Fact>
      )}
      <Fact name="Last refresh">
        <RelativeTime
          at={refreshedAt}
          none={refreshable ? 'none so far' : endedAt === null ? 'none: there is no refresh token' : 'none'}
        />
      </Fact>
      {endedAt === null && (
        <Fact name="Access token runs out">
          <RelativeTime at={accessTokenExpiresAt} none="the provider did not say" />
        </Fact>
      )}
    </>
  );
}

function Client({ client }: { readonly client: NonNullable<Details['client']> }) {
  const { id, authentication, redirectUris, registeredAt, expiresAt } = client;
  return (
    <details className={styles.more}>
      <summary>The client</summary>
      <Facts>
        <Fact name="Client id">
          <OutsideText fit="wrap" mono>
            {id}
          </OutsideText>
        </Fact>
        <Fact name="Proves itself by">
          {authentication === 'none' ? 'PKCE alone, without a secret' : <code>{authentication}</code>}
        </Fact>
        <Fact name="Registered">
          <RelativeTime at={registeredAt} />
        </Fact>
        {expiresAt !== null && (
          <Fact name="Runs out">
            <RelativeTime at={expiresAt} /> <Badge tone="waiting">registered again by then</Badge>
          </Fact>
        )}
        <Fact name="Redirect URIs">
          <ul>
            {redirectUris.map((uri) => (
              <li key={uri}>
                <Outside text={uri} />
              </li>
            ))}
          </ul>
        </Fact>
      </Facts>
    </details>
  );
}

const Outside = ({ text }: { readonly text: string }) => (
  <OutsideText fit="wrap" mono>
    {text}
  </OutsideText>
);
