// The memory vault: the same contract, for the life of the process.
import { memoryVault } from '../../main/vault/memory.ts';
import { vaultContract } from './contract.ts';

vaultContract({ kind: 'memory', persistent: false, fresh: async () => memoryVault() });
