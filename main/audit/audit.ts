// The audit: what happened, each row hashed with the one before it, signed at intervals, and checked on request.
import type { Clock, Log, SecretStore } from '../ports.ts';
import type { AuditHead, AuditTable } from '../store/audit.ts';
import { genesisHash, newGenesis } from './chain.ts';
import { createKeeper } from './keeper.ts';
import type { End } from './key.ts';
import { removeOld, sizeOf } from './retention.ts';
import { toolCallEntry, toolCallKind } from './tool-call.ts';
import type { Audit, AuditSettings, AuditVerdict } from './types.ts';
import { verifyChain } from './verify.ts';
import { createWriter } from './writer.ts';

export interface AuditParts {
  readonly store: { readonly audit: AuditTable };
  /** Where it does not outlive the process, neither does the key. */
  readonly vault: Pick<SecretStore, 'read' | 'write'> & Partial<Pick<SecretStore, 'persistent'>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: () => AuditSettings;
}

const minute = 60_000;
const signEveryMs = minute;
const signEveryRows = 1_000;
/** Keychains are slow, and on some systems each write asks a person. */
const saveEveryMs = 5 * minute;
const cleanEveryMs = 60 * minute;
/** A keychain may be waiting for a person; the broker starts meanwhile. */
const vaultPatienceMs = 5_000;
const usualPage = 100;
const startsLookedAt = 1_000;
/** A full disk is worse than an audit that says that its beginning is gone. */
const patienceWithOthers = 4;

/** Waits a moment for the vault; rows that come before its key are chained all the same. @throws store_damaged */
export async function createAudit({ store, vault, clock, log, settings }: AuditParts): Promise<Audit> {
  const table = store.audit;
  const began = table.last();
  const ownGenesis = newGenesis();
  const keeper = createKeeper({ vault, table, log, began, genesis: ownGenesis });
  await within(clock, vaultPatienceMs, keeper.take());
  /** The bytes of all rows, nearly; null until they were counted. */
  let size: number | null = null;
  let written = 0;
  let cleaning = false;

  const writer = createWriter({
    table,
    clock,
    log,
    from: beginning(),
    headFor: (end) => (end.seq - (signedTo() ?? 0) >= signEveryRows ? headOver(end) : null),
    onWritten(rows, head) {
      const bytes = rows.reduce((sum, row) => sum + row.detail.length + rowOverhead, 0);
      written += bytes;
      if (size !== null) size += bytes;
      if (size !== null && size > limit()) cleanSoon();
      if (head !== null) keeper.note({ head: { seq: head.seq, hash: head.hash } });
    },
    onFinding: (finding) => keeper.note({ finding }),
  });
  let savedAt = clock.now();
  let savedSeq = keeper.held()?.kept.head.seq ?? 0;
  let closing: Promise<void> | null = null;
  let verifying: Promise<AuditVerdict> | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let stops: (() => void)[] = [];

  /** After what was signed last, even where the table no longer has it: the gap stays to be seen. */
  function beginning(): End {
    const kept = keeper.held()?.kept;
    if (kept !== undefined && kept.head.seq >= (began?.seq ?? 0))
      return began?.seq === kept.head.seq ? began : kept.head;
    return began ?? { seq: 0, hash: genesisHash(kept?.genesis ?? ownGenesis) };
  }

  /** The newest row with a signature by our key; null: none. */
  function signedTo(): number | null {
    const kept = keeper.held()?.kept;
    return kept === undefined || kept.head.seq < kept.since ? null : kept.head.seq;
  }

  function headOver(end: End): AuditHead | null {
    const held = keeper.held();
    if (held === null || end.seq < held.kept.since || end.seq <= held.kept.head.seq) return null;
    const fields = { kind: 'head', ...end, at: Math.trunc(clock.now()) } as const;
    return { ...fields, keyId: held.key.id, signature: held.key.sign(fields) };
  }

  /** @throws what the database does */
  function signNow(): void {
    writer.flush();
    const head = headOver(writer.written());
    if (head === null) return;
    // On the disk before the vault hears of it: else a power cut would look like a cut tail.
    table.write([], head, true);
    keeper.note({ head: { seq: head.seq, hash: head.hash } });
  }

  function quietly(attempted: string, work: () => void): void {
    try {
      work();
    } catch (cause) {
      log.warn(`the audit could not ${attempted}`, { cause });
    }
  }

  async function tick(): Promise<void> {
    await keeper.take();
    quietly('be signed', signNow);
    const head = keeper.held()?.kept.head.seq ?? 0;
    if (head === savedSeq || clock.now() - savedAt < saveEveryMs) return;
    savedAt = clock.now();
    if (await keeper.save(false)) savedSeq = head;
  }

  /** One at a time: what walks over the rows must not have them removed under it. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  const limit = (): number => settings().keepMegabytes * 1_048_576;

  /** A burst of calls fills the table long before the hour is over. */
  function cleanSoon(): void {
    if (cleaning) return;
    cleaning = true;
    void inTurn(clean)
      .catch((cause: unknown) => log.warn('old rows of the audit could not be removed', { cause }))
      .finally(() => {
        cleaning = false;
      });
  }

  /** Rows that a kept key vouches for are that key's to remove: by this one's signature they would look like taken away. */
  const isAnothers = (): boolean =>
    vault.persistent === false &&
    table.page({ kind: 'broker-started' }, startsLookedAt).some(({ detail }) => detail['vault'] !== 'memory');

  async function clean(): Promise<void> {
    const held = keeper.held();
    if (held === null || closing !== null) return;
    if (size === null || size > limit()) {
      written = 0;
      const found = await sizeOf(table);
      size = found + written;
    }
    if (isAnothers() && size < limit() * patienceWithOthers) return;
    const { bytes, upTo } = await removeOld(
      { table, clock, key: held.key, settings: settings(), last: writer.written().seq },
      size,
    );
    if (upTo === null) return;
    size -= bytes;
    keeper.forgetUpTo(upTo);
    log.info('old rows of the audit were removed', { upTo, bytes });
  }

  function every(ms: number, work: () => Promise<void>, first = ms): void {
    let cancel: (() => void) | null = null;
    let stopped = false;
    const again = (after: number): void => {
      cancel = clock.after(after, () => {
        void work()
          .catch((cause: unknown) => log.warn('the audit could not be cared for', { cause }))
          .finally(() => stopped || again(ms));
      });
    };
    again(first);
    stops.push(() => {
      stopped = true;
      cancel?.();
    });
  }
  // What came while the key was away can be changed unseen until it signs again.
  if (keeper.held()?.kept.findings.some(({ kind }) => kind === 'gap') === true) quietly('be signed', signNow);
  every(signEveryMs, tick);
  every(cleanEveryMs, () => inTurn(clean), minute);

  const audit: Audit = {
    append: (entry) => writer.append(entry.kind, () => entry),
    toolCall(call) {
      const kept = call.arguments !== undefined && settings().arguments;
      writer.append(toolCallKind(call.outcome), () => toolCallEntry(call, kept));
    },
    async flush() {
      writer.flush();
    },
    verify() {
      return (verifying ??= inTurn(async () => {
        quietly('be written', () => writer.flush());
        const held = keeper.held();
        return verifyChain({
          table,
          key: held?.key ?? null,
          since: held?.kept.since ?? (began?.seq ?? 0) + 1,
          genesis: genesisOf(held?.kept),
          last: writer.written(),
          signed: signedTo(),
          findings: held?.kept.findings ?? [],
        });
      }).finally(() => {
        verifying = null;
      }));
    },
    async page({ limit = usualPage, ...filter }) {
      quietly('be written', () => writer.flush());
      // One more than asked for: whether there is a next page is known without another look.
      const found = table.page(filter, limit + 1);
      const items = found.slice(0, limit);
      return { items, next: found.length > limit ? (items.at(-1)?.seq ?? null) : null };
    },
    choices: () => table.named(),
    async lock() {
      quietly('be signed', signNow);
      await keeper.save(false);
      keeper.shut();
    },
    async unlock() {
      quietly('be written', () => writer.flush());
      await keeper.open(writer.written());
      quietly('be signed', signNow);
    },
    close: () =>
      (closing ??= (async () => {
        for (const stop of stops) stop();
        stops = [];
        await turn;
        quietly('be signed', signNow);
        writer.end();
        const head = keeper.held()?.kept.head;
        // Only what is signed to its end may be called closed.
        await keeper.save(head !== undefined && head.seq === writer.written().seq);
      })()),
  };

  function genesisOf(kept: { since: number; genesis: string } | undefined): string | null {
    if (kept === undefined) return began === null ? genesisHash(ownGenesis) : null;
    return kept.since === 1 ? genesisHash(kept.genesis) : null;
  }
  return audit;
}

/** As in the table: what a row takes beside its detail. */
const rowOverhead = 300;

async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}
