// The questions behind the one in front; any of them can be taken first.
import type { Prompt } from '../../preload/contract.ts';
import { AgentIcon } from '../design/agent-icon.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { CodeText } from './code-text.tsx';
import { codeOf, questionText } from './prompt-words.ts';
import styles from './queue-card.module.css';

interface QueueCardProps {
  readonly prompts: readonly Prompt[];
  readonly onChoose: (prompt: Prompt) => void;
}

export function QueueCard({ prompts, onChoose }: QueueCardProps) {
  return (
    <Card title={prompts.length === 1 ? '1 more question waits' : `${prompts.length} more questions wait`} flush>
      <Rows>
        {prompts.map((prompt) => (
          <Row
            key={prompt.id}
            title={
              <>
                <AgentIcon name={prompt.agent.name} size="small" />
                <bdi className={styles.question}>{questionText(prompt)}</bdi>
              </>
            }
            about={
              <>
                asked <RelativeTime at={prompt.at} />
                <Code prompt={prompt} />
              </>
            }
            actions={
              <Button size="small" aria-label={`Look at it: ${questionText(prompt)}`} onClick={() => onChoose(prompt)}>
                Look at it
              </Button>
            }
          />
        ))}
      </Rows>
    </Card>
  );
}

/** Two sign-ins can look alike in everything else. */
function Code({ prompt }: { readonly prompt: Prompt }) {
  const code = codeOf(prompt);
  return (
    code !== null && (
      <>
        , code <CodeText>{code}</CodeText>
      </>
    )
  );
}
