// Makes a key pair for each algorithm asked for, as JWK, so that no private key is ever part of the repository.
//
// Input: algs, such as ["ES256", "RS256"].

import { randomUUID } from 'node:crypto';
import * as jose from 'jose';
import { script } from './lib/script.mjs';

await script(['algs'], async ({ algs }) => {
  const keys = {};
  for (const alg of algs) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const facts = { alg, use: 'sig', kid: randomUUID() };
    keys[alg] = { public: { ...(await jose.exportJWK(publicKey)), ...facts }, private: { ...(await jose.exportJWK(privateKey)), ...facts } };
  }
  return { keys };
});
