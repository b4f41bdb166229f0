// The audit's key while the broker runs: taken out of the vault once, and what is kept beside it written back from time to time.
import { assertNever, isTokentrayError } from '../errors.ts';
import type { Log, SecretStore } from '../ports.ts';
import type { AuditTable } from '../store/audit.ts';
import { genesisHash } from './chain.ts';
import { gapsOf, joined, newGap } from './gaps.ts';
import { newKeyText, readKept, signingKey, writeKept } from './key.ts';
import type { End, Finding, Kept, SigningKey } from './key.ts';

export interface Held {
  readonly key: SigningKey;
  readonly kept: Kept;
}

export interface Keeper {
  /** Null until the vault gave it. */
  held(): Held | null;
  /** True once the key is there; asks the vault again each time until then. Never throws. */
  take(): Promise<boolean>;
  /** Remembers the newest signed row, and what was found. */
  note(change: { head?: End; finding?: Finding }): void;
  /** Findings about rows up to `seq` are of no use any more. */
  forgetUpTo(seq: number): void;
  /** Writes what was noted; false when the vault did not take it: the next time will do. */
  save(closed: boolean): Promise<boolean>;
  /** The key is forgotten, and not taken again until `open`. */
  shut(): void;
  /** @param end the newest row by now. Never throws. */
  open(end: End): Promise<void>;
}

interface KeeperParts {
  readonly vault: Pick<SecretStore, 'read' | 'write'>;
  readonly table: AuditTable;
  readonly log: Log;
  /** The newest row when this process began; null: an empty table. */
  readonly began: End | null;
  /** What the first row follows, if this process writes the first. */
  readonly genesis: string;
}

/** With as many gaps that is all that the vault's item takes. */
const mostWrong = 32;

export function createKeeper({ vault, table, log, began: atStart, genesis }: KeeperParts): Keeper {
  let began = atStart;
  let isShut = false;
  let wasHeld = false;
  let held: Held | null = null;
  let findings: Finding[] = [];
  let taking: Promise<boolean> | null = null;
  let saving: Promise<boolean> = Promise.resolve(true);
  let told = false;

  async function fromVault(): Promise<Kept | null> {
    try {
      const kept = await readKept(vault);
      if (kept !== null) signingKey(kept.key);
      return kept;
    } catch (error) {
      if (!isTokentrayError(error, 'vault_damaged')) throw error;
      log.error('the audit’s key in the vault is damaged; a new one is made', { cause: error });
      return null;
    }
  }

  function fresh(): Kept {
    return {
      v: 1,
      key: newKeyText(),
      genesis,
      since: (began?.seq ?? 0) + 1,
      head: began ?? { seq: 0, hash: genesisHash(genesis) },
      closed: false,
      findings: [],
    };
  }

  /** Where no row was ever signed and none is there, the first one may be written already: it follows this process's genesis. */
  const begun = (kept: Kept): Kept =>
    kept.head.seq === 0 && kept.since === 1 && began === null
      ? { ...kept, genesis, head: { seq: 0, hash: genesisHash(genesis) } }
      : kept;

  async function takeNow(): Promise<boolean> {
    try {
      const there = await fromVault();
      const kept: Kept =
        there === null
          ? fresh()
          : { ...begun(there), closed: false, findings: merged(there.findings, compare(table, there, began)) };
      const all = { ...kept, findings: merged(kept.findings, findings) };
      for (const finding of all.findings) {
        if (finding.kind === 'gap') log.warn('rows of the audit came while its key was away', finding);
        else log.error('the audit is not as it was left: tokentray audit verify', finding);
      }
      // Before the first row: from here on rows may come after `head`.
      await writeKept(vault, all);
      findings = all.findings;
      if (isShut) return false;
      held = { key: signingKey(all.key), kept: all };
      wasHeld = true;
      return true;
    } catch (cause) {
      if (!told)
        log.warn('the vault does not give the audit’s key; rows are chained and not signed until it does', { cause });
      told = true;
      return false;
    }
  }

  async function take(): Promise<boolean> {
    if (held !== null) return true;
    if (isShut) return false;
    taking ??= takeNow().finally(() => {
      taking = null;
    });
    return taking;
  }

  return {
    held: () => held,
    take,
    note({ head, finding }) {
      if (finding !== undefined) {
        const before = findings;
        findings = merged(findings, [finding]);
        if (findings.length > before.length) log.error('the audit was changed: tokentray audit verify', finding);
      }
      if (held !== null) held = { ...held, kept: { ...held.kept, findings, head: head ?? held.kept.head } };
    },
    forgetUpTo(seq) {
      findings = findings.filter((finding) => lastOf(finding) > seq);
      if (held !== null) held = { ...held, kept: { ...held.kept, findings } };
    },
    save(closed) {
      const before = saving;
      saving = (async () => {
        await before;
        if (held === null) return false;
        try {
          await writeKept(vault, { ...held.kept, closed });
          return true;
        } catch (cause) {
          log.warn('the newest row of the audit could not be noted in the vault', { cause });
          return false;
        }
      })();
      return saving;
    },
    shut() {
      isShut = true;
      held = null;
    },
    async open(end) {
      isShut = false;
      // What came while the key was away is this process's own, and no tail that somebody cut or added.
      if (wasHeld && end.seq > 0) began = end;
      await take();
    },
  };
}

/** What the table has become since the vault was last written. */
function compare(table: AuditTable, kept: Kept, began: End | null): Finding[] {
  const { head, since, closed } = kept;
  const end = began?.seq ?? 0;
  if (end < head.seq) return [{ kind: 'seen', verdict: 'truncated', at: end + 1 }];
  const gap = newGap(table, kept, signingKey(kept.key), end);
  const found: Finding[] = gap === null ? [] : [gap];
  const hash = head.seq === 0 ? head.hash : table.hashAt(head.seq);
  // Retention may have removed it, with a signature that says so.
  const cutAt = Number(table.rawCut()?.seq ?? 0);
  if (hash !== head.hash && !(hash === null && cutAt >= head.seq)) found.push({ kind: 'witness', ...head });
  if (closed && end > head.seq && gap === null) found.push({ kind: 'seen', verdict: 'changed', at: head.seq + 1 });
  const signed = Math.max(table.newestHead() ?? 0, cutAt);
  if (head.seq >= since && signed < head.seq) found.push({ kind: 'seen', verdict: 'truncated', at: signed + 1 });
  return found;
}

const lastOf = (finding: Finding): number => {
  switch (finding.kind) {
    case 'seen':
      return finding.at;
    case 'witness':
      return finding.seq;
    case 'gap':
      return finding.to;
    default:
      return assertNever(finding);
  }
};

/** Without the same twice. The first ones stay when there are too many, and no gap takes the place of what was seen to be wrong. */
function merged(some: readonly Finding[], more: readonly Finding[]): Finding[] {
  const all = [...some, ...more];
  const wrong = all.filter(({ kind }) => kind !== 'gap');
  const byText = new Map(wrong.map((finding) => [JSON.stringify(finding), finding]));
  return [...[...byText.values()].slice(0, mostWrong), ...joined(gapsOf(all))];
}
