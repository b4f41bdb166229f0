// The grant at a glance: scopes, facts, who used it, how it behaves, and how it ends.
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import type { ServerView } from '../store/model.ts';
import { StepUpNote } from './step-up-note.tsx';
import { EndCard } from './end-card.tsx';
import { AccountsCard } from './accounts-card.tsx';
import { GrantCard } from './grant-card.tsx';
import { ScopesCard } from './scopes-card.tsx';
import { BehaviourCard } from './behaviour-card.tsx';
import { useDetails } from './use-details.ts';
import { UsesCard } from './uses-card.tsx';

export function Overview({ view }: { readonly view: ServerView }) {
  const { state, again } = useDetails(view.server);
  return (
    <>
      {view.state.kind === 'connected' && view.state.stepUp !== undefined && <StepUpNote stepUp={view.state.stepUp} />}
      <ScopesCard view={view} />
      {state.kind === 'shown' && <GrantCard view={view} details={state.details} />}
      {state.kind === 'loading' && (
        <Card title="Grant">
          <Progress label="Asking the broker" />
        </Card>
      )}
      {state.kind === 'failed' && (
        <ProblemNote problem={state.problem} actions={<Button onClick={again}>Try again</Button>} />
      )}
      <AccountsCard view={view} />
      <UsesCard server={view.server} />
      <BehaviourCard view={view} />
      <EndCard view={view} />
    </>
  );
}
