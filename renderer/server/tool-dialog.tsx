// One tool: what it says of itself, and where that is not what was accepted, the difference and the word that accepts it.
import type { PinnedTool } from '../../preload/contract.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { Note, ProblemNote } from '../design/note.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { toast } from '../design/toast.tsx';
import { DiffView } from '../rules/diff-view.tsx';
import { definitionParts, markLabels, toolDiff } from '../rules/tool-words.ts';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { sentence } from '../store/problem.ts';
import { plainText } from '../words/names.ts';
import styles from './tool-dialog.module.css';

interface ToolDialogProps {
  readonly server: string;
  readonly account: string;
  /** Null: closed. */
  readonly tool: PinnedTool | null;
  readonly onClose: () => void;
}

export function ToolDialog({ server, account, tool, onClose }: ToolDialogProps) {
  const client = useClient();
  const shown = useShown(tool);
  const call = useCall((signal, { tool: name, seenAt }: PinnedTool) =>
    // `seenAt`: what came after this look is not agreed to.
    client.tools.accept({ server, account, tools: [{ tool: name, seenAt }] }, { signal }),
  );
  const differs = shown !== null && shown.state !== 'accepted';
  const close = () => {
    call.reset();
    onClose();
  };
  const accept = async () => {
    if (shown === null || (await call.run(shown)) === null) return;
    toast('The tool is accepted', plainText(shown.tool, 80));
    close();
  };
  return (
    <Dialog
      open={tool !== null}
      onClose={close}
      wide
      title={<bdi>{plainText(shown?.tool ?? '', 120)}</bdi>}
      actions={
        differs ? (
          <>
            <Button look="quiet" onClick={close}>
              {shown.state === 'held' ? 'Keep it held' : 'Close'}
            </Button>
            <Button look="main" busy={call.state.kind === 'working'} onClick={() => void accept()}>
              Accept
            </Button>
          </>
        ) : (
          <Button onClick={close}>Close</Button>
        )
      }
    >
      {shown !== null && <Body tool={shown} />}
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
    </Dialog>
  );
}

function Body({ tool }: { readonly tool: PinnedTool }) {
  const { accepted, acceptedAt, seen, seenAt, because, state, marked } = tool;
  return (
    <>
      <p className={styles.times}>
        <Badge tone={marked === 'destructive' ? 'danger' : marked === 'read-only' ? 'fine' : 'idle'}>
          marked: {markLabels[marked]}
        </Badge>
        <span>
          seen <RelativeTime at={seenAt} />
          {acceptedAt !== null && (
            <>
              , accepted <RelativeTime at={acceptedAt} />
            </>
          )}
        </span>
      </p>
      {state !== 'accepted' && (
        <Note tone="warn" title={accepted === null ? 'This tool is new' : 'This is not what you accepted'}>
          {because !== null && sentence(plainText(because))}
        </Note>
      )}
      {state === 'accepted' ? (
        definitionParts(seen).map(({ label, text }) => (
          <section key={label} className={styles.part} aria-label={label}>
            <h3 className={styles.label}>{label}</h3>
            <pre className={styles.text} dir="ltr">
              {text}
            </pre>
          </section>
        ))
      ) : (
        <DiffView parts={toolDiff(tool)} />
      )}
    </>
  );
}
