// Agents as OAuth clients: what they may say of themselves, registered here (RFC 7591) or in a document of theirs (CIMD).
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { TokentrayError } from '../../errors.ts';
import type { Fetch } from '../../ports.ts';
import { quote } from '../../quote.ts';
import type { IssuedTable } from '../../store/issued.ts';
import { redirectFault } from './redirects.ts';

/** Why a registration or a document is not taken, in the words of RFC 7591 section 3.2.2. */
export class ClientFault extends Error {
  override readonly name = 'ClientFault';
  readonly status: number;
  readonly error: 'invalid_client_metadata' | 'invalid_redirect_uri' | 'temporarily_unavailable';

  constructor(error: ClientFault['error'], message: string, status = 400) {
    super(message);
    this.error = error;
    this.status = status;
  }
}

/** What of a client's word counts. Everything else (secrets, keys, homes, logos) is not read. */
const saidSchema = z.object({
  redirect_uris: z.array(z.string().max(2_048)).min(1).max(20),
  client_name: z.string().max(200).optional(),
  token_endpoint_auth_method: z.string().max(64).optional(),
});

type ClientMetadata = Readonly<{
  client_id: string;
  client_name?: string;
  redirect_uris: string[];
}> &
  typeof same;

/**
 * The same for every client, whatever it asks for: no secret, for it could not be kept; `native`, so that a loopback port may
 * be any (RFC 8252 section 7.3); refresh tokens, for without them the person would be asked every ten minutes.
 */
const same = {
  application_type: 'native' as const,
  token_endpoint_auth_method: 'none' as const,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code' as const],
};

/** @throws ClientFault */
function metadataOf(clientId: string, said: unknown, ownPort: string): ClientMetadata {
  const parsed = saidSchema.safeParse(said);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
    const about = where.startsWith('redirect_uris') ? 'invalid_redirect_uri' : 'invalid_client_metadata';
    throw new ClientFault(about, `${quote(where, 64)} is missing, too long, or not what it should be`);
  }
  const { redirect_uris, client_name } = parsed.data;
  for (const redirectUri of redirect_uris) {
    const fault = redirectFault(redirectUri, ownPort);
    if (fault !== null) throw new ClientFault('invalid_redirect_uri', `${quote(redirectUri, 120)}: ${fault}`);
  }
  return {
    client_id: clientId,
    ...(client_name === undefined ? {} : { client_name }),
    redirect_uris: [...new Set(redirect_uris)],
    ...same,
  };
}

/** Nobody registers more often than this but a program that is broken or means harm. */
const newClientsPerMinute = 10;
const mostClients = 200;
/** Who registered and was never let in is forgotten. */
const unusedClientMs = 24 * 60 * 60_000;
/** From its last sign-in or refresh on. */
const usedClientMs = 180 * 24 * 60 * 60_000;

const model = 'Client';
export const hashOf = (id: string): string => createHash('sha256').update(id, 'utf8').digest('hex');

interface Clients {
  /** Registers a client. @throws ClientFault */
  register(said: unknown): ClientMetadata & { client_id_issued_at: number };
  /** It was let in, or came back for another token. */
  used(clientId: string): void;
}

export function createClients(parts: { issued: IssuedTable; now: () => number; ownPort: string }): Clients {
  const { issued, now, ownPort } = parts;
  let recent: number[] = [];

  const makeRoom = (): void => {
    issued.purge(now());
    const clients = issued.list(model);
    if (clients.length < mostClients) return;
    const inUse = new Set(issued.list('Grant').map(({ payload }) => payload['clientId']));
    const oldest = clients.find(({ payload }) => !inUse.has(payload['client_id']));
    if (oldest === undefined) throw full();
    issued.remove(model, oldest.idHash);
  };

  return {
    register(said) {
      recent = recent.filter((at) => now() - at < 60_000);
      if (recent.length >= newClientsPerMinute) throw full();
      const client = metadataOf(randomUUID(), said, ownPort);
      recent.push(now());
      makeRoom();
      const idHash = hashOf(client.client_id);
      const expiresAt = now() + unusedClientMs;
      issued.put({ model, idHash, grantId: null, payload: client, consumedAt: null, expiresAt });
      return { ...client, client_id_issued_at: Math.floor(now() / 1_000) };
    },
    used: (clientId) => issued.extend(model, hashOf(clientId), now() + usedClientMs),
  };
}

const full = (): ClientFault =>
  new ClientFault('temporarily_unavailable', 'too many clients have registered; try again in a minute', 429);

const mostDocumentBytes = 32 * 1024;
const documentsPerMinute = 20;

/**
 * The fetch with which the documents of clients are read (draft-ietf-oauth-client-id-metadata-document): never followed
 * elsewhere, small, and reduced to what counts before anybody believes it.
 * @param outbound reaches public addresses only: anybody's web page can name a document
 */
export function documentFetch(parts: { outbound: Fetch; now: () => number; ownPort: string }): Fetch {
  let recent: number[] = [];
  return async (input, init) => {
    const id = input instanceof Request ? input.url : String(input);
    recent = recent.filter((at) => parts.now() - at < 60_000);
    if (recent.length >= documentsPerMinute) throw refusedDocument(id, 'too many were asked for in a minute');
    recent.push(parts.now());
    const { signal } = init ?? {};
    const headers = { accept: 'application/json' };
    const answer = await parts.outbound(id, { headers, redirect: 'manual', signal: signal ?? null });
    if (answer.status !== 200) throw refusedDocument(id, `the answer is ${answer.status}`);
    if (answer.url !== '' && answer.url !== new URL(id).href) throw refusedDocument(id, 'it leads elsewhere');
    const text = await answer.text();
    if (text.length > mostDocumentBytes) throw refusedDocument(id, 'it is too large');
    const said = z.record(z.string(), z.unknown()).safeParse(jsonOf(text));
    if (!said.success) throw refusedDocument(id, 'it is no JSON object');
    if (said.data['client_id'] !== id) throw refusedDocument(id, 'it is about another client');
    // A client that proves itself with a key would not be asked for the proof here: it must not believe that it is.
    const method = said.data['token_endpoint_auth_method'] ?? 'none';
    if (method !== 'none') throw refusedDocument(id, 'it asks for client authentication');
    const caching = answer.headers.get('cache-control');
    return Response.json(metadataOf(id, said.data, parts.ownPort), {
      headers: caching === null ? {} : { 'cache-control': caching },
    });
  };
}

const refusedDocument = (id: string, because: string): TokentrayError =>
  new TokentrayError('unreadable_answer', `the document of the client ${quote(id, 120)} is not taken: ${because}`, {
    attempted: 'read who wants to sign in',
    subject: quote(id, 120),
  });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
