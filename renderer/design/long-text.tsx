// Text from outside of any length: as much as one reads at a glance, and the whole of it on a press.
import { useState } from 'react';
import { plainText } from '../words/names.ts';
import { Button } from './button.tsx';
import { OutsideText } from './outside-text.tsx';

interface LongTextProps {
  readonly children: string;
  /** Characters that are shown at first. */
  readonly glance?: number;
  readonly mono?: boolean;
}

export function LongText({ children, glance = 200, mono = false }: LongTextProps) {
  const [whole, setWhole] = useState(false);
  if (children.length <= glance) {
    return (
      <OutsideText fit="wrap" mono={mono}>
        {children}
      </OutsideText>
    );
  }
  return (
    <>
      <OutsideText fit="wrap" mono={mono} longest={children.length}>
        {whole ? children : plainText(children, glance)}
      </OutsideText>{' '}
      <Button look="quiet" size="small" aria-expanded={whole} onClick={() => setWhole(!whole)}>
        {whole ? 'Show less' : `Show all ${children.length.toLocaleString()} characters`}
      </Button>
    </>
  );
}
