// What the sign-in will do, every fact of it, before any page opens; what can be chosen is chosen here.
import { useState, type FormEvent } from 'react';
import { Button, LinkButton } from '../design/button.tsx';
import { Card, Fact, Facts } from '../design/card.tsx';
import { Checkbox } from '../design/checkbox.tsx';
import { Disclosure } from '../design/disclosure.tsx';
import { SelectField, TextField } from '../design/field.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import type { ServerView } from '../store/model.ts';
import type { Problem } from '../store/problem.ts';
import { href } from '../store/route.ts';
import { hostOf, plainText } from '../words/names.ts';
import { bindingWords, registrationWords, scopesFromWords, type Plan } from '../words/plan.ts';
import { offeredScopes, typedScopes, type Wish } from './wish.ts';
import styles from './plan-card.module.css';

interface PlanCardProps {
  readonly view: ServerView;
  readonly plan: Plan;
  readonly wish: Wish;
  readonly onWish: (wish: Wish) => void;
  readonly onSignIn: () => void;
  readonly busy: boolean;
  readonly onCancel: () => void;
  /** The person registers a client at the provider instead. */
  readonly onByHand: () => void;
  readonly problem: Problem | null;
}

/** The provider would not register us: the person can. */
const registrationFailed = new Set(['registration_needed', 'registration_failed']);

export function PlanCard({ view, plan, wish, onWish, onSignIn, busy, onCancel, onByHand, problem }: PlanCardProps) {
  const registration = registrationWords[plan.registration];
  const binding = bindingWords(plan);
  const browserless = view.settings.flow !== 'authorization_code';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) onSignIn();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Card title="What will happen" about={browserless ? undefined : 'Nothing has been opened so far.'}>
        <div className={styles.body}>
          {plan.otherHost !== null && (
            <Note tone="warn" title={<>The page that opens is at {plainText(plan.otherHost)}</>}>
              That is not the host of the provider, {plainText(hostOf(plan.issuer))}. Large providers do this; go on
              only if you know both names.
            </Note>
          )}
          <Facts>
            <Fact name="You sign in at">
              {plan.issuers.length > 1 ? (
                <SelectField
                  label="Authorization server"
                  hideLabel
                  value={plan.issuer}
                  onChange={(issuer) => onWish({ ...wish, issuer })}
                  options={plan.issuers.map((issuer) => ({ value: issuer, label: plainText(issuer) }))}
                />
              ) : (
                <>
                  <strong>
                    <OutsideText fit="wrap">{hostOf(plan.issuer)}</OutsideText>
                  </strong>
                  <Aside>
                    <OutsideText fit="wrap" mono>
                      {plan.issuer}
                    </OutsideText>
                  </Aside>
                </>
              )}
            </Fact>
            <Fact name="Known there as">
              {registration.short}
              <Aside>{registration.long}</Aside>
            </Fact>
            <Fact name="The token">
              {binding.short}
              <Aside>
                {plan.resource === null ? (
                  binding.long
                ) : (
                  <OutsideText fit="wrap" mono>
                    {plan.resource}
                  </OutsideText>
                )}
              </Aside>
            </Fact>
          </Facts>
        </div>
      </Card>
      <ScopeChoice view={view} plan={plan} wish={wish} onWish={onWish} />
      <Disclosure label="More choices">
        <Checkbox
          label="Have the provider ask again"
          help="Even if it remembers that you agreed before: to sign in with another account, for example."
          checked={wish.freshConsent}
          onChange={(freshConsent) => onWish({ ...wish, freshConsent })}
        />
        {plan.registration === 'existing' && (
          <Checkbox
            label="Register a new client"
            help="If the provider says that it does not know this client."
            checked={wish.registerAgain}
            onChange={(registerAgain) => onWish({ ...wish, registerAgain })}
          />
        )}
        <div>
          <Button size="small" onClick={onByHand}>
            Use a client that I register by hand
          </Button>
        </div>
        <Facts>
          <Fact name="Answers come back to">
            <OutsideText fit="wrap" mono>
              {plan.redirectUri}
            </OutsideText>
          </Fact>
        </Facts>
      </Disclosure>
      {problem !== null && (
        <ProblemNote
          problem={problem}
          actions={
            registrationFailed.has(problem.code) && <Button onClick={onByHand}>Register a client by hand</Button>
          }
        />
      )}
      <div className={styles.actions}>
        {busy ? (
          <Button onClick={onCancel}>Cancel</Button>
        ) : (
          <LinkButton look="quiet" href={href({ at: 'servers' })}>
            Not now
          </LinkButton>
        )}
        <Button type="submit" look="main" icon={browserless ? 'key' : 'open'} busy={busy}>
          {browserless ? 'Connect' : 'Sign in in the browser'}
        </Button>
      </div>
    </form>
  );
}

function Aside({ children }: { readonly children: React.ReactNode }) {
  return <div className={styles.aside}>{children}</div>;
}

function ScopeChoice({ view, plan, wish, onWish }: Pick<PlanCardProps, 'view' | 'plan' | 'wish' | 'onWish'>) {
  const [typed, setTyped] = useState('');
  const scopes = offeredScopes(plan, view, wish);
  const ticked = scopes.filter((scope) => !wish.unticked.has(scope));
  const tick = (scope: string, on: boolean) => {
    const unticked = new Set(wish.unticked);
    if (on) unticked.delete(scope);
    else unticked.add(scope);
    onWish({ ...wish, unticked });
  };
  const addTyped = () => {
    const more = typedScopes(typed);
    if (more.length === 0) return;
    const unticked = new Set([...wish.unticked].filter((scope) => !more.includes(scope)));
    onWish({ ...wish, unticked, extra: [...new Set([...wish.extra, ...more])] });
    setTyped('');
  };
  const held = new Set(view.grantedScopes);
  const keepsMore = plan.scopesFrom !== 'step-up' && view.grantedScopes.some((scope) => !plan.scopes.includes(scope));
  return (
    <Card
      title="What it will be allowed to do"
      about={
        scopes.length === 0
          ? scopesFromWords.none
          : [
              scopesFromWords[plan.scopesFrom],
              keepsMore && 'What was granted before is kept.',
              'What you untick is not asked for, now or later.',
            ]
              .filter(Boolean)
              .join(' ')
      }
      actions={
        scopes.length > 4 && (
          <Button
            size="small"
            onClick={() => onWish({ ...wish, unticked: ticked.length === 0 ? new Set() : new Set(scopes) })}
          >
            {ticked.length === 0 ? 'Tick all' : 'Untick all'}
          </Button>
        )
      }
    >
      <div className={styles.body}>
        {scopes.length > 0 && (
          <fieldset className={styles.scopes}>
            <legend className="only-read">Scopes to ask for</legend>
            {scopes.map((scope) => (
              <Checkbox
                key={scope}
                label={
                  <>
                    <OutsideText fit="wrap" mono>
                      {scope}
                    </OutsideText>
                    {held.has(scope) && <span className={styles.held}> granted already</span>}
                  </>
                }
                checked={!wish.unticked.has(scope)}
                onChange={(on) => tick(scope, on)}
              />
            ))}
          </fieldset>
        )}
        {scopes.length > 0 && ticked.length === 0 && (
          <Note tone="warn">Without any scope the provider decides by itself what the sign-in is good for.</Note>
        )}
        <Disclosure label="Ask for another scope" plain>
          <div className={styles.another}>
            <TextField
              label="Another scope"
              hideLabel
              mono
              placeholder="as the provider's documentation spells it"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={setTyped}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                event.preventDefault();
                addTyped();
              }}
            />
            <Button onClick={addTyped} disabled={typed.trim() === ''}>
              Add
            </Button>
          </div>
        </Disclosure>
      </div>
    </Card>
  );
}
