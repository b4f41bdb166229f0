// A broker with another vault in between is no tampering: its rows are named as unvouched for, and nobody can hide an edit behind them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKeyText, signingKey } from '../../main/audit/key.ts';
import type { AuditVerdict } from '../../main/audit/types.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { rechain } from './by-hand.ts';
import { fill, world } from './fixture.ts';
import type { Running, World } from './fixture.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

let here: World;
beforeEach(() => {
  here = world();
});
afterEach(() => here.remove());

async function start(vault: string): Promise<Running> {
  const running = await here.start();
  running.audit.append({ kind: 'broker-started', detail: { vault } });
  return running;
}

/** Nine calls of a broker with the kept key: rows 1 to 10, closed. */
async function kept(): Promise<void> {
  const { audit, end } = await start('keychain');
  fill(audit, 9);
  await end();
}

/** A session in which that key cannot be had; gives it back afterwards. */
async function elsewhere(work: (running: Running) => Promise<void>): Promise<void> {
  const { vault } = here;
  here.vault = memoryVault();
  here.persistent = false;
  await work(await start('memory'));
  here.vault = vault;
  here.persistent = true;
}

/** Ten more rows, soundly chained and signed by the key of that session. */
const inMemory = (): Promise<void> =>
  elsewhere(async ({ audit, end }) => {
    fill(audit, 9);
    await end();
  });

async function verdict(): Promise<AuditVerdict> {
  const { audit, end } = await here.start();
  const found = await audit.verify();
  await end();
  return found;
}

describe('a session without the keychain', () => {
  it('leaves rows that are named and vouched for by nobody, and those after them are vouched for', async () => {
    await kept();
    await inMemory();
    const { audit, end } = await start('keychain');
    const back = await audit.verify();
    expect(back).toMatchObject({ verdict: 'no-key', at: 11, rows: 21, signedTo: 20 });
    expect(back.words).toContain('rows 11 to 20 came without the key');
    expect(back.words).toContain('Which of these cannot be shown');
    fill(audit, 5);
    await here.clock.advance(minute);
    expect(await audit.verify()).toMatchObject({ verdict: 'no-key', at: 11, signedTo: 26 });
    await end();
    // It stays so over restarts, and nothing more is said against what came later.
    expect(await verdict()).toMatchObject({ verdict: 'no-key', at: 11, signedTo: 26 });
  });

  it.each(['closed', 'killed before it signed', 'killed after it signed'])(
    'that %s is told from tampering, also where the one before it ended locked',
    async (how) => {
      const first = await start('passphrase-file');
      fill(first.audit, 4);
      await first.audit.lock();
      fill(first.audit, 5);
      await (how === 'closed' ? first.end() : first.audit.flush().then(() => first.kill()));
      await elsewhere(async ({ audit, end, kill }) => {
        fill(audit, 9);
        if (how === 'closed') return end();
        if (how === 'killed after it signed') await here.clock.advance(minute);
        await audit.flush();
        kill();
      });
      const found = await verdict();
      // What the locked one wrote last was signed by nobody, either. Without any signature it is the tail of one that was killed.
      if (how === 'killed before it signed') expect(found).toMatchObject({ verdict: 'intact', rows: 20 });
      else expect(found).toMatchObject({ verdict: 'no-key', at: 6, rows: 20 });
    },
  );

  it('that was killed before it signed is told by its first row where the one before had closed', async () => {
    await kept();
    await elsewhere(async ({ audit, kill }) => {
      fill(audit, 3);
      await audit.flush();
      kill();
    });
    expect(await verdict()).toMatchObject({ verdict: 'no-key', at: 11 });
  });

  it('may come again and again: all that is told stays within what the vault takes, and nothing becomes tampering', async () => {
    await kept();
    for (let round = 0; round < 40; round += 1) {
      await inMemory();
      const { audit, end } = await start('keychain');
      fill(audit, 1);
      await end();
    }
    const found = await verdict();
    expect(found).toMatchObject({ verdict: 'no-key', at: 11, rows: 10 + 40 * 12 });
    expect(found.words).toContain('27 more such runs');
  });

  it('is forgotten with its rows, when they are older than what is kept', async () => {
    await kept();
    await inMemory();
    await verdict();
    here.settings = { ...here.settings, keepDays: 10 };
    await here.clock.advance(20 * day);
    const { audit, end } = await start('keychain');
    fill(audit, 5);
    await here.clock.advance(60 * minute);
    expect((await audit.page({ after: 0 })).items[0]?.seq).toBeGreaterThan(20);
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', signedTo: 26 });
    await end();
  });

  it('removes no row that the kept key vouches for: its own signature could not show that it was allowed to', async () => {
    await kept();
    here.settings = { ...here.settings, keepDays: 10 };
    await here.clock.advance(20 * day);
    await elsewhere(async ({ audit, end }) => {
      fill(audit, 3);
      await here.clock.advance(120 * minute);
      expect((await audit.page({ after: 0 })).items[0]?.seq).toBe(1);
      await end();
    });
    expect(await verdict()).toMatchObject({ verdict: 'no-key', at: 11 });
  });
});

describe('somebody who would hide behind such a session', () => {
  it('cannot change its rows once the key is back', async () => {
    await kept();
    await inMemory();
    // Nothing but a start: what is there by then is signed at once.
    const { kill } = await here.start();
    kill();
    here.edit((db) => {
      db.exec(`UPDATE audit SET agent = 'other' WHERE seq = 14`);
      rechain(db, 14);
      db.exec('DELETE FROM audit_heads WHERE seq > 10 AND seq < 20');
    });
    expect((await verdict()).verdict).toBe('changed');
  });

  it('is named with the rows that they made up, signed by a key of theirs', async () => {
    await kept();
    forge(12);
    const found = await verdict();
    expect(found).toMatchObject({ verdict: 'no-key', at: 11 });
    expect(found.words).toContain('or from somebody else');
  });

  it('cannot put another key’s signature over rows of the kept one, before or after the session', async () => {
    await kept();
    await inMemory();
    const { audit, end } = await start('keychain');
    fill(audit, 5);
    await end();
    expect(await verdict()).toMatchObject({ verdict: 'no-key' });
    for (const seq of [9, 24]) {
      sign(seq);
      expect(await verdict()).toMatchObject({ verdict: 'bad-signature', at: seq });
      here.edit((db) => db.exec(`DELETE FROM audit_heads WHERE seq = ${seq}`));
    }
  });

  it.each([15, 20])('cannot remove what came before with a signature of their own over row %i', async (seq) => {
    await kept();
    await inMemory();
    await verdict();
    sign(seq, 'cut');
    here.edit((db) => db.exec(`DELETE FROM audit WHERE seq <= ${seq}`));
    expect(await verdict()).toMatchObject({ verdict: 'bad-signature', at: seq });
  });

  it('cannot do so while it runs, either', async () => {
    await kept();
    await inMemory();
    const { audit } = await start('keychain');
    fill(audit, 5);
    await audit.flush();
    sign(23);
    expect(await audit.verify()).toMatchObject({ verdict: 'bad-signature', at: 23 });
  });

  it('is found out where what was put there does not even say that it is of such a session', async () => {
    await kept();
    forge(11, false);
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 11 });
  });
});

/** Rows from 11 on, chained as they have to be. */
function forge(to: number, signed = true): void {
  here.edit((db) => {
    for (let seq = 11; seq <= to; seq += 1) {
      db.exec(
        `INSERT INTO audit SELECT ${seq}, at, 'approved', server, account, agent, detail, hash, hash FROM audit WHERE seq = ${seq - 1}`,
      );
    }
    rechain(db, 11);
  });
  if (signed) sign(to);
}

function sign(seq: number, kind: 'head' | 'cut' = 'head'): void {
  const key = signingKey(newKeyText());
  here.edit((db) => {
    const hash = String(db.prepare('SELECT hash FROM audit WHERE seq = ?').get(seq)?.['hash']);
    const fields = { kind, seq, hash, at: 1 } as const;
    db.prepare('INSERT INTO audit_heads (kind, seq, hash, at, key_id, signature) VALUES (?, ?, ?, ?, ?, ?)').run(
      kind,
      seq,
      hash,
      1,
      key.id,
      key.sign(fields),
    );
  });
}
