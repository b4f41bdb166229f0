// What a choice of the record is called in a sentence. Pure; names come from outside.
import type { ActivityFilter } from '../../preload/contract.ts';
import { plainText } from '../words/names.ts';
import { kindTitle } from './event-words.ts';

/** What a file will hold: "Only what the filters show: server notes, agent cursor. Oldest first." */
export function exportWords({ server, agent, kind }: ActivityFilter): string {
  const chosen = [
    server === undefined ? null : `server ${plainText(server, 120)}`,
    agent === undefined ? null : `agent ${plainText(agent, 120)}`,
    kind === undefined ? null : `kind “${plainText(kindTitle(kind), 120)}”`,
  ].filter((words) => words !== null);
  return chosen.length === 0
    ? 'The whole record, oldest first.'
    : `Only what the filters show: ${chosen.join(', ')}. Oldest first.`;
}
