// The UI's contract has no place for a secret.
import { getEventIteratorSchemaDetails, isContractProcedure } from '@orpc/contract';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { NewAgent } from '../../main/access/agents.ts';
import type { AdoptableGrant } from '../../main/grants/adoption.ts';
import type { DoctorReport } from '../../main/grants/doctor.ts';
import type { GrantView, RevocationReceipt, SignInPlan, SignInResult } from '../../main/grants/types.ts';
import type { UseRow } from '../../main/store/types.ts';
import { contract, scriptContract } from '../../preload/contract.ts';
import type { ContractOutputs, ScriptOutputs } from '../../preload/contract.ts';

interface Leaf {
  readonly path: string;
  readonly text: boolean;
}

/** Every named value of every procedure's input and output; `text` where it could carry a secret's characters. */
function leaves(router: unknown, path: string): Leaf[] {
  if (isContractProcedure(router)) {
    const { inputSchema, outputSchema } = router['~orpc'];
    const events = getEventIteratorSchemaDetails(outputSchema);
    return [...schemaLeaves(inputSchema, `${path}.in`), ...schemaLeaves(events?.yields ?? outputSchema, `${path}.out`)];
  }
  if (typeof router !== 'object' || router === null) throw new Error(`${path} is no contract`);
  return Object.entries(router).flatMap(([name, part]) => leaves(part, `${path}.${name}`));
}

function schemaLeaves(schema: unknown, path: string): Leaf[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodReadonly) {
    return schemaLeaves(schema.unwrap(), path);
  }
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, part]) => schemaLeaves(part, `${path}.${name}`));
  }
  if (schema instanceof z.ZodArray) return schemaLeaves(schema.element, path);
  if (schema instanceof z.ZodRecord) return schemaLeaves(schema.valueType, `${path}.*`);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((part: unknown) => schemaLeaves(part, path));
  if (schema instanceof z.ZodString || schema instanceof z.ZodUnknown) return [{ path, text: true }];
  const closed = [z.ZodNumber, z.ZodBoolean, z.ZodEnum, z.ZodLiteral, z.ZodNull];
  if (closed.some((kind) => schema instanceof kind)) return [{ path, text: false }];
  throw new Error(`${path} is of a kind that this test does not know: ${String(schema)}`);
}

const secretName = /token(?!_endpoint)|secret|password|passphrase|assertion|credential|verifier|(^|[._])key$|private/iu;
const secretPlaces = (router: unknown) =>
  leaves(router, '')
    .filter(({ path, text }) => text && secretName.test(path.slice(path.lastIndexOf('.') + 1)))
    .map(({ path }) => path);

describe('the contract that a UI gets', () => {
  it('names no text field that could be a token, a key or a secret in any answer', () => {
    expect(leaves(contract, '').length).toBeGreaterThan(150);
    expect(secretPlaces(contract).filter((path) => path.includes('.out.'))).toEqual([]);
  });

  it('takes two in: of a client that the person registered by hand, and the passphrase that unlocks', () => {
    expect(secretPlaces(contract)).toEqual([
      '.servers.bringClient.in.client.client_secret',
      '.lock.unlock.in.passphrase',
    ]);
  });

  it('has no script call, by whatever name', () => {
    const names = leaves(contract, '').map(({ path }) => path.split('.')[1]);
    expect(Object.keys(scriptContract).filter((name) => names.includes(name))).toEqual([]);
    expect(names).not.toContain('script');
  });

  it('keeps those in the script contract, where this search does find them', () => {
    expect(secretPlaces(scriptContract)).toEqual([
      '.addServer.in.client.client_secret',
      '.addServer.in.client.private_key',
      '.addServer.in.flow.id_token',
      '.addServer.in.flow.assertion',
      '.token.out.access_token',
      '.addAgent.out.key',
      '.rotateAgent.out.key',
    ]);
  });
});

describe('the schemas', () => {
  // The contract imports nothing of main/, so it repeats its types. `tsc` fails here when a schema allows what grants cannot
  // say; what a schema lacks fails in main/control/router.ts, where grants' answers are assigned to it.
  it('say what the broker’s own types say', () => {
    expectTypeOf<ContractOutputs['servers']['show']>().toExtend<GrantView>();
    expectTypeOf<ContractOutputs['servers']['plan']>().toExtend<SignInPlan>();
    expectTypeOf<ContractOutputs['signIn']['wait']>().toExtend<SignInResult>();
    expectTypeOf<ContractOutputs['revoke']>().toExtend<RevocationReceipt>();
    expectTypeOf<ContractOutputs['doctor']>().toExtend<DoctorReport>();
    expectTypeOf<ContractOutputs['adoption']['list']>().toExtend<AdoptableGrant[]>();
    expectTypeOf<
      ContractOutputs['clearEverything']['servers'][number]['receipt']
    >().toExtend<RevocationReceipt | null>();
    expectTypeOf<ContractOutputs['servers']['details']['uses']>().toExtend<UseRow[]>();
    expectTypeOf<ScriptOutputs['addAgent']['agent']>().toExtend<NewAgent['agent']>();
  });
});
