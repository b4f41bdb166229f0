// Tools of the test MCP server that need something from the client in the middle of a call. Written once for both eras:
// the SDK turns `input_required` into real server-to-client requests where the session is of the handshake era.
import {
  inputRequired,
  inputResponse,
  type CallToolResult,
  type InputRequiredResult,
  type McpServer,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { ServerState } from './state.ts';

export function registerAskingTools(server: McpServer, state: ServerState): void {
  const colour = z.object({ colour: z.enum(['red', 'green', 'blue']).meta({ title: 'Colour' }) });

  server.registerTool(
    'ask',
    { description: 'Asks for a colour in a form' },
    async (ctx): Promise<CallToolResult | InputRequiredResult> => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'colour');
      if (answer.kind === 'missing') {
        return inputRequired({
          inputRequests: { colour: inputRequired.elicit({ message: 'Which colour?', requestedSchema: colour }) },
        });
      }
      if (answer.kind !== 'elicit') return broken('a form was asked for');
      if (answer.action !== 'accept') return text(`colour ${answer.action}`);
      return text(`colour ${String(answer.content?.['colour'])}`);
    },
  );

  server.registerTool(
    'ask-twice',
    { description: 'Asks in two rounds; the state between them must come back unchanged' },
    async (ctx): Promise<CallToolResult | InputRequiredResult> => {
      const known = ctx.mcpReq.requestState<{ round: number; secret: string }>();
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'word');
      if (answer.kind !== 'elicit') return await askWord(state, 1, '');
      if (answer.action !== 'accept') return text(`stopped at round ${known?.round ?? 0}`);
      const word = String(answer.content?.['word']);
      if (known === undefined) return broken('the state got lost');
      if (known.round === 1) return await askWord(state, 2, word);
      return text(`${known.secret} ${word}`);
    },
  );

  server.registerTool(
    'ask-url',
    { description: 'Sends the person to an address' },
    async (ctx): Promise<CallToolResult | InputRequiredResult> => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'visit');
      if (answer.kind === 'elicit') return text(`visit ${answer.action}`);
      const visit = inputRequired.elicitUrl({
        message: 'Please look at this',
        url: 'https://example.test/look?at=this',
      });
      return inputRequired({ inputRequests: { visit } });
    },
  );

  server.registerTool(
    'sample',
    {
      description: 'Asks the client for a completion',
      inputSchema: z.object({ prompt: z.string().default('Say hi') }),
    },
    async ({ prompt }, ctx): Promise<CallToolResult | InputRequiredResult> => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'sample');
      if (answer.kind === 'sampling') {
        return text(`${answer.result.model}: ${JSON.stringify(answer.result.content)}`);
      }
      const sample = inputRequired.createMessage({
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        maxTokens: 50,
      });
      return inputRequired({ inputRequests: { sample } });
    },
  );

  server.registerTool(
    'roots',
    { description: 'Asks the client for its roots' },
    async (ctx): Promise<CallToolResult | InputRequiredResult> => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'roots');
      if (answer.kind === 'roots') return text(answer.roots.map((root) => root.uri).join(' '));
      return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
    },
  );
}

async function askWord(state: ServerState, round: number, secret: string): Promise<InputRequiredResult> {
  const requestedSchema = z.object({ word: z.string() });
  return inputRequired({
    inputRequests: { word: inputRequired.elicit({ message: `Word ${round}?`, requestedSchema }) },
    requestState: await state.codec.mint({ round, secret }),
  });
}

const broken = (why: string): CallToolResult => ({ ...text(why), isError: true });

export const text = (said: string): { content: { type: 'text'; text: string }[] } => ({
  content: [{ type: 'text', text: said }],
});
