// Checks every statement of a demo with `jose`, a JOSE library that this project did not write.
import assert from 'node:assert/strict';
import { mkdtemp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
  calculateJwkThumbprint, CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK,
} from 'jose';

/** The one algorithm of each kind of key. */
const ALGORITHMS = { EC: 'ES256', OKP: 'Ed25519' };

/** The folder of the demo, and, as a control of the tests themselves, one that `jose` made alone. */
const folders = [{ name: 'made by jose', folder: await makeFolder() }];
if (process.env.QUITTANCE_DEMO_OUT) {
  folders.push({ name: 'made by the demo', folder: process.env.QUITTANCE_DEMO_OUT });
}

for (const { name, folder } of folders) {
  const { statements, keys } = await read(folder);

  test(`${name}: statements of both kinds of keys are there`, () => {
    const found = new Set(statements.map(({ header }) => header.alg));
    assert.deepEqual([...found].sort(), ['ES256', 'Ed25519']);
  });

  for (const { file, jws, header } of statements) {
    test(`${name}: ${file} is signed by the key that it names`, async () => {
      assert.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
      assert.match(header.typ, /^quittance-[a-z-]+\+jwt$/);
      const { payload } = await verify(jws, header, keys);
      const members = JSON.parse(new TextDecoder().decode(payload));
      for (const member of ['aud', 'iat', 'jti']) {
        assert.ok(member in members, `${member} is missing`);
      }
    });

    test(`${name}: ${file} with another payload, header or signature is refused`, async () => {
      for (const part of [0, 1, 2]) {
        const forged = flipped(jws, part);
        assert.notEqual(forged, jws);
        await assert.rejects(verify(forged, header, keys));
      }
    });

    test(`${name}: ${file} is refused by every other key`, async () => {
      for (const [kid, jwk] of keys) {
        if (kid !== header.kid) {
          const key = await importJWK(jwk, ALGORITHMS[jwk.kty]);
          await assert.rejects(compactVerify(jws, key));
        }
      }
    });
  }

  test(`${name}: each key is named by its thumbprint (RFC 7638)`, async () => {
    for (const [kid, jwk] of keys) {
      assert.equal(await calculateJwkThumbprint(jwk), kid);
      assert.ok(!('d' in jwk), 'a private key is published');
    }
  });
}

/** Verifies by the named key, with that key's one algorithm. */
async function verify(jws, { kid }, keys) {
  const jwk = keys.get(kid);
  assert.ok(jwk, `jwks.json has no key ${kid}`);
  const algorithm = ALGORITHMS[jwk.kty];
  return compactVerify(jws, await importJWK(jwk, algorithm), { algorithms: [algorithm] });
}

/** The same text with the lowest bit of one byte in the middle of a part flipped. */
function flipped(jws, part) {
  const parts = jws.split('.');
  const bytes = Buffer.from(parts[part], 'base64url');
  bytes[bytes.length >> 1] ^= 1;
  parts[part] = bytes.toString('base64url');
  return parts.join('.');
}

/** All `*.jws` of a folder's statements, with the keys of its `jwks.json` by their names. */
async function read(folder) {
  const place = path.join(folder, 'statements');
  const files = (await readdir(place)).filter((file) => file.endsWith('.jws')).sort();
  const statements = await Promise.all(files.map(async (file) => {
    const jws = (await readFile(path.join(place, file), 'utf8')).trim();
    const header = JSON.parse(Buffer.from(jws.split('.')[0], 'base64url').toString());
    return { file, jws, header };
  }));
  const set = JSON.parse(await readFile(path.join(place, 'jwks.json'), 'utf8'));
  return { statements, keys: new Map(set.keys.map((jwk) => [jwk.kid, jwk])) };
}

/** A folder like the demo's, with one statement of each kind of key. */
async function makeFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'quittance-statements-'));
  const place = path.join(folder, 'statements');
  await mkdir(place);
  const keys = [];
  for (const alg of Object.values(ALGORITHMS)) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    keys.push({ ...jwk, kid });
    const payload = { aud: 'https://gateway.example', iat: '2026-01-01T00:00:00Z', jti: alg };
    const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg, typ: 'quittance-control+jwt', kid })
      .sign(privateKey);
    await writeFile(path.join(place, `${alg}.jws`), jws);
  }
  await writeFile(path.join(place, 'jwks.json'), JSON.stringify({ keys }));
  return folder;
}
