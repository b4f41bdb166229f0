// Copies a text and says so where it stands, to eyes and to screen readers.
import { useEffect, useState } from 'react';
import { Button, type ButtonProps } from './button.tsx';

type Outcome = 'idle' | 'copied' | 'failed';

export function CopyButton({
  text,
  label = 'Copy',
  ...rest
}: Pick<ButtonProps, 'look' | 'size'> & { readonly text: string; readonly label?: string }) {
  const [outcome, setOutcome] = useState<Outcome>('idle');
  useEffect(() => {
    if (outcome === 'idle') return undefined;
    const timer = setTimeout(() => setOutcome('idle'), 2_500);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => {
    setOutcome((await copyText(text)) ? 'copied' : 'failed');
  };
  return (
    <>
      <Button {...rest} icon={outcome === 'copied' ? 'check' : 'copy'} onClick={() => void copy()}>
        <span data-sign-says-it={outcome === 'failed' ? undefined : true}>
          {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Select it instead' : label}
        </span>
      </Button>
      <span className="only-read" role="status">
        {outcome === 'copied' ? 'Copied to the clipboard' : outcome === 'failed' ? 'It could not be copied' : ''}
      </span>
    </>
  );
}

/** Electron denies every permission, the clipboard's too; the page's own copy command needs none, only the press. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const onCopy = (event: ClipboardEvent) => {
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
    };
    document.addEventListener('copy', onCopy);
    try {
      return document.execCommand('copy');
    } finally {
      document.removeEventListener('copy', onCopy);
    }
  }
}
