// The doctor: walks the server's authorization as a sign-in would, and says at every step how it is. Nothing is changed by it.
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { classes } from '../design/classes.ts';
import { Icon, type IconName } from '../design/icons.tsx';
import { ProblemNote } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { Progress } from '../design/progress.tsx';
import { CopyButton } from '../design/copy-button.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { reportText, summaryOf, verdictWords, type Report } from './doctor-words.ts';
import styles from './doctor-part.module.css';

type Verdict = Report['steps'][number]['verdict'];
const signs: Readonly<Record<Verdict, IconName>> = {
  ok: 'check',
  unusual: 'info',
  missing: 'warning',
  wrong: 'problem',
  skipped: 'forward',
};

export function DoctorPart({ view }: { readonly view: ServerView }) {
  const client = useClient();
  const call = useCall((signal) => client.doctor({ url: view.url, allowHttp: view.settings.allowHttp }, { signal }));
  const { state } = call;
  const working = state.kind === 'working';
  return (
    <Card
      title="Doctor"
      about="Looks at every step of this server’s authorization and says what is there, missing, wrong or unusual. Nothing is registered, nobody is signed in."
      actions={
        <>
          {state.kind === 'done' && <CopyButton size="small" text={reportText(state.value)} label="Copy report" />}
          <Button
            look={state.kind === 'idle' ? 'main' : 'plain'}
            size={state.kind === 'idle' ? 'normal' : 'small'}
            busy={working}
            onClick={() => void call.run()}
          >
            {state.kind === 'done' || state.kind === 'failed' ? 'Run again' : 'Run the doctor'}
          </Button>
        </>
      }
    >
      {working && (
        <Progress
          label="Asking the server and its provider"
          detail="Each question has a time limit; a server that does not answer takes the longest."
          since={state.since}
          onCancel={call.cancel}
        />
      )}
      {state.kind === 'failed' && <ProblemNote problem={state.problem} />}
      {state.kind === 'done' && <ReportView report={state.value} />}
      {state.kind === 'idle' && (
        <p className={styles.idle}>
          It takes a few seconds and sends no token. Run it when a sign-in or a refresh fails.
        </p>
      )}
    </Card>
  );
}

function ReportView({ report }: { readonly report: Report }) {
  return (
    <>
      <p className={styles.summary} role="status">
        {summaryOf(report)}
      </p>
      <ol className={styles.steps}>
        {report.steps.map((step, index) => (
          // Steps have no name of their own: two issuers are examined by the same ones. The order never changes.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index} className={classes(styles.step, styles[step.verdict])}>
            <span className={styles.sign}>
              <Icon name={signs[step.verdict]} />
            </span>
            <div className={styles.words}>
              <p className={styles.head}>
                <span className={styles.name}>
                  <OutsideText fit="wrap">{step.name}</OutsideText>
                </span>
                <Badge tone={verdictWords(step.verdict).tone}>{verdictWords(step.verdict).label}</Badge>
                {step.section !== null && <span className={styles.section}>{step.section}</span>}
              </p>
              <p className={styles.detail}>
                <OutsideText fit="wrap">{step.detail}</OutsideText>
              </p>
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
