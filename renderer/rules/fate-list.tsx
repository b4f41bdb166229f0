// What the rules do to each known tool, while they are being changed.
import { useMemo } from 'react';
import type { PinnedTool } from '../../preload/contract.ts';
import type { Rules } from '../approvals/decision.ts';
import { Disclosure } from '../design/disclosure.tsx';
import { Icon, type IconName } from '../design/icons.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { VirtualList } from '../design/virtual-list.tsx';
import styles from './fate-list.module.css';
import { fates, fatesSummary, type Fate, type ToolFate } from './verdicts.ts';

const signs: Readonly<Record<Fate, IconName>> = {
  allowed: 'check',
  asks: 'agents',
  refused: 'close',
  held: 'pause',
};
const words: Readonly<Record<Fate, string>> = {
  allowed: 'let through',
  asks: 'asks you first',
  refused: 'refused',
  held: 'held',
};
const keyOf = (fate: ToolFate) => fate.tool;

interface FateListProps {
  readonly sets: readonly Rules[];
  readonly tools: readonly PinnedTool[];
}

export function FateList({ sets, tools }: FateListProps) {
  const list = useMemo(() => fates(sets, tools), [sets, tools]);
  return (
    <div className={styles.fates}>
      <p role="status">{fatesSummary(list)}</p>
      {list.length > 0 && (
        <Disclosure plain label="Tool by tool">
          {/* A region that scrolls must be reachable by keyboard: its rows are. */}
          <div className={styles.view}>
            <VirtualList label="What becomes of each tool" items={list} keyOf={keyOf} rowHeight={32}>
              {({ tool, fate, because }, { tabIndex }) => (
                <div
                  className={styles.row}
                  data-fate={fate}
                  data-row-focus
                  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- arrow keys go through the rows
                  tabIndex={tabIndex}
                  title={because ?? undefined}
                >
                  <Icon name={signs[fate]} />
                  <OutsideText mono>{tool}</OutsideText>
                  <span className={styles.word}>{words[fate]}</span>
                </div>
              )}
            </VirtualList>
          </div>
        </Disclosure>
      )}
    </div>
  );
}
